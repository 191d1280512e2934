"""How the workspace's pages for recipients look: its logo and its colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from clarion.content import branding, operations
from clarion.content.errors import BrandingInvalid
from clarion.web.links import workspace_url
from clarion.workspaces.actors import of_member

if TYPE_CHECKING:
    from clarion.web.http import PageRequest


class BrandingForm(forms.Form):
    """A colour and a logo."""

    colour = forms.CharField(
        label=gettext_lazy("Colour of buttons"),
        required=False,
        max_length=7,
        help_text=gettext_lazy(
            "Such as #4a3fd4; empty for ours. The words on it are black or white by themselves."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "#rrggbb"}),
    )
    logo = forms.FileField(
        label=gettext_lazy("Logo"),
        required=False,
        help_text=gettext_lazy("PNG, JPEG, GIF or WebP, at most 200 kB and 1,000 pixels a side."),
        widget=forms.FileInput(attrs={"accept": ".png,.jpg,.jpeg,.gif,.webp"}),
    )
    without_logo = forms.BooleanField(label=gettext_lazy("Take the logo away"), required=False)


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: PageRequest, workspace: str) -> HttpResponse:
    """Show and change them."""
    brand = branding.brand_of(request.workspace)
    initial = {"colour": f"#{brand.colour}" if brand and brand.colour else ""}
    is_answer = request.method == "POST"
    form = BrandingForm(
        request.POST if is_answer else None, request.FILES if is_answer else None, initial=initial
    )
    if is_answer and form.is_valid():
        said = form.cleaned_data
        logo = said["logo"].read(branding.MAX_OCTETS + 1) if said["logo"] else None
        try:
            operations.set_branding(
                by=of_member(request.member),
                colour=said["colour"],
                logo=logo,
                without_logo=said["without_logo"],
            )
        except BrandingInvalid as error:
            form.add_error(error.field, str(error))
        else:
            messages.success(request, _("The pages for recipients look so from now on."))
            return HttpResponseRedirect(workspace_url(request, "branding"))
    context = {"form": form, "brand": brand}
    return render(request, "settings/branding.html", context, status=422 if form.errors else 200)
