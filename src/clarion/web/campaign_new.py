"""The form with which a campaign begins."""

from django import forms
from django.utils.translation import gettext_lazy as _

from clarion.campaigns.fields import NAME_LENGTH


class NewCampaignForm(forms.Form):
    """Only what a draft cannot do without."""

    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_LENGTH,
        help_text=_("Recipients never see it; your team finds the campaign by it."),
    )
