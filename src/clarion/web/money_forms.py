"""The forms of the balance and of the price list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clarion.channels import registry
from clarion.lib.sentences import spoken
from clarion.senders.models import Sender
from clarion.senders.prices.csvfile import MOST_OCTETS
from clarion.senders.prices.operations import MOST_PERIOD, Said
from clarion.workspaces.money import amounts
from clarion.workspaces.money.operations import NOTE_LENGTH

if TYPE_CHECKING:
    from clarion.workspaces.models import Workspace


class AmountField(forms.CharField):
    """An amount as a person types it, in millionths once it is cleaned. `is_signed` allows a minus."""

    def __init__(self, *, is_signed: bool = False, **kwargs: Any) -> None:
        self._parse = amounts.parse_signed if is_signed else amounts.parse
        attributes = {"inputmode": "text" if is_signed else "decimal", "autocomplete": "off"}
        super().__init__(max_length=24, widget=forms.TextInput(attrs=attributes), **kwargs)

    def clean(self, value: Any) -> Any:
        """Return millionths. Raises ValidationError."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return self._parse(str(text))
        except ValueError:
            raise forms.ValidationError(
                _("This is no amount: write it like 12.50, with at most six digits behind the point.")
            ) from None


class TopUpForm(forms.Form):
    amount = AmountField(label=gettext_lazy("Amount"))
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=NOTE_LENGTH,
        help_text=gettext_lazy("Such as the number of the invoice. Everybody here can read it."),
    )


class CorrectionForm(forms.Form):
    amount = AmountField(
        label=gettext_lazy("Change by"), is_signed=True, help_text=gettext_lazy("With a minus to take away.")
    )
    note = forms.CharField(label=gettext_lazy("Why"), max_length=NOTE_LENGTH)


class CurrencyForm(forms.Form):
    currency = forms.CharField(
        label=gettext_lazy("Currency"),
        min_length=3,
        max_length=3,
        help_text=gettext_lazy(
            "Three letters, such as EUR or USD. It cannot be changed once something was entered."
        ),
    )


class WarningForm(forms.Form):
    amount = AmountField(
        label=gettext_lazy("Warn when less is available than"),
        required=False,
        help_text=gettext_lazy("A line on every page, and on the dashboard. Empty for no warning."),
    )


class PriceForm(forms.Form):
    channel = forms.ChoiceField(label=gettext_lazy("Channel"))
    sender = forms.ChoiceField(label=gettext_lazy("Sender"), required=False)
    begins = forms.CharField(
        label=gettext_lazy("Numbers that begin with"),
        required=False,
        max_length=20,
        help_text=gettext_lazy(
            "Digits with the country code, such as 49. Empty for all; the longest one wins."
        ),
    )
    amount = AmountField(label=gettext_lazy("Price"))
    period = forms.IntegerField(
        label=gettext_lazy("Seconds of a period"),
        required=False,
        min_value=0,
        max_value=MOST_PERIOD,
        help_text=gettext_lazy(
            "For calls: the price is for each period that has begun. Empty for other messages."
        ),
    )
    refunds = forms.BooleanField(
        label=gettext_lazy("Give back what failed after it had been accepted"), required=False
    )

    def __init__(self, workspace: Workspace, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._senders = {
            str(one.public_id): one
            for one in Sender.objects.filter(workspace=workspace).defer("config", "sealed").order_by("name")
        }
        self._offer("channel", [(name, spoken(registry.get(name).label)) for name in registry.CHANNELS])
        self._offer("sender", [("", _("All"))] + [(key, one.name) for key, one in self._senders.items()])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type checker
        field.choices = choices

    @property
    def said(self) -> Said:
        """The price; only of a valid form."""
        data = self.cleaned_data
        return Said(
            channel=data["channel"], sender=self._senders.get(data["sender"]), prefix=data["begins"],
            amount=data["amount"], period=data["period"] or 0, refunds=data["refunds"],
        )  # fmt: skip


class PriceFileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        help_text=gettext_lazy("Takes the place of the whole list. The download has the right columns."),
    )

    def clean_file(self) -> bytes:
        """Return what the file says."""
        file = self.cleaned_data["file"]
        if file.size > MOST_OCTETS:
            raise forms.ValidationError(_("The file is too large."))
        data: bytes = file.read()
        return data
