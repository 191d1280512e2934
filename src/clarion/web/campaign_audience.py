"""The audience part of the compose form: a file, a live source, or contacts, and whom of them to leave out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import ProtectedError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clarion.audience import operations as audience
from clarion.audience import uploads
from clarion.audience.errors import CsvInvalid, NoAddressColumn, SourceInvalid
from clarion.audience.models import Source, SourceKind
from clarion.audience.sheets import NoSuchSheet
from clarion.campaigns import operations
from clarion.web import campaign_cascade, campaign_people
from clarion.web.campaign_columns import address_column_of
from clarion.workspaces.actors import of_member

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clarion.campaigns.models import Campaign
    from clarion.web.campaign_form import CampaignForm

#: The fields of this part.
NAMES = (
    "audience", "lists", "segments", "people", "without_lists", "without_segments", "upload", "sheet",
    "address_column", "file", "live",
)  # fmt: skip
_AUDIENCES = [
    (SourceKind.UPLOAD, gettext_lazy("A file")),
    (SourceKind.SHEET, gettext_lazy("A live source")),
    (SourceKind.LISTS, gettext_lazy("Lists")),
    (SourceKind.SEGMENTS, gettext_lazy("Segments")),
    (SourceKind.CONTACTS, gettext_lazy("Contacts")),
]
#: The field at which it is said what is wrong with a choice.
_AT = {SourceKind.SEGMENTS: "segments", SourceKind.SHEET: "live", SourceKind.UPLOAD: "file"}


class AudienceFields(forms.Form):
    """The fields; `campaign` is set before they are asked for."""

    campaign: Campaign

    audience = forms.ChoiceField(label=gettext_lazy("Recipients from"), choices=_AUDIENCES, required=False)
    lists = forms.MultipleChoiceField(
        label=gettext_lazy("Lists"), required=False, widget=forms.CheckboxSelectMultiple
    )
    segments = forms.MultipleChoiceField(
        label=gettext_lazy("Segments"), required=False, widget=forms.CheckboxSelectMultiple
    )
    people = forms.ChoiceField(label=gettext_lazy("Who is meant"), required=False, widget=forms.RadioSelect)
    without_lists = forms.MultipleChoiceField(
        label=gettext_lazy("Without lists"), required=False, widget=forms.CheckboxSelectMultiple
    )
    without_segments = forms.MultipleChoiceField(
        label=gettext_lazy("Without segments"), required=False, widget=forms.CheckboxSelectMultiple
    )
    upload = forms.ChoiceField(label=gettext_lazy("File"), required=False)
    #: Any text: the sheets and columns of a file that is being uploaded are not known before.
    sheet = forms.CharField(label=gettext_lazy("Sheet"), required=False, max_length=300, widget=forms.Select)
    address_column = forms.CharField(
        label=gettext_lazy("Column with the addresses"), required=False, max_length=300, widget=forms.Select
    )
    file = forms.FileField(label=gettext_lazy("CSV, XLSX or ODS file"), required=False, allow_empty_file=True)
    live = forms.ChoiceField(
        label=gettext_lazy("Live source"),
        required=False,
        help_text=gettext_lazy("It is read again when the campaign is sent, at each of its runs."),
    )

    def offer_columns(self, columns: Iterable[str]) -> None:
        """Let the person say which of the columns holds the addresses."""
        self.offered = list(columns)
        widget = self.fields["address_column"].widget
        assert isinstance(widget, forms.Select)  # noqa: S101
        widget.choices = [("", _("Found by itself")), *((name, name) for name in self.offered)]

    def offer_sheets(self, sheets: Iterable[str]) -> None:
        """Let the person say which sheet of a workbook is meant."""
        self.offered_sheets = list(sheets)
        widget = self.fields["sheet"].widget
        assert isinstance(widget, forms.Select)  # noqa: S101
        widget.choices = [(name, name) for name in self.offered_sheets]

    @property
    def sheets(self) -> list[str]:
        """The sheets of the uploaded workbook, when there are several."""
        found = list(self._dialect().get("sheets", ()))
        return found if len(found) > 1 else []

    @property
    def columns(self) -> list[str]:
        """The columns of the uploaded file."""
        return list(self._dialect().get("columns", ()))

    def _dialect(self) -> dict[str, Any]:
        source = self.campaign.source
        return source.table.dialect if source and source.kind == SourceKind.UPLOAD else {}


def offered(form: CampaignForm) -> dict[str, list[tuple[Any, Any]]]:
    """Return the choices of each field."""
    uploaded = [(str(one.public_id), one.name) for one in form.uploads]
    live = [(str(one.public_id), one.name) for one in form.all_sheets]
    return {
        **{
            name: [(str(one.public_id), one.name) for one in found]
            for name, found in campaign_people.offered(form).items()
        },
        "upload": [("", _("No file yet")), *uploaded],
        "live": [("", _("Choose a live source")), *live],
        "people": campaign_people.moments(form.campaign.source),
    }


def initial(source: Source | None) -> dict[str, Any]:
    """Return the fields' values for what is saved."""
    is_upload = source is not None and source.kind == SourceKind.UPLOAD
    table = source.table if source is not None and is_upload else None
    return {
        "audience": source.kind if source else SourceKind.UPLOAD,
        **campaign_people.initial(source),
        "people": campaign_people.moment_of(source),
        "upload": str(table.public_id) if table else "",
        "address_column": address_column_of(source),
        "sheet": table.dialect.get("sheet", "") if table else "",
        "live": str(source.sheet.public_id) if source and source.sheet else "",
    }


def save(form: CampaignForm) -> None:
    """Have the campaign go to whom the form says; what is wrong stands at the field that is about it."""
    data = form.cleaned_data
    try:
        source = _chosen_source(form, data)
    except (CsvInvalid, SourceInvalid) as error:
        name = "file" if isinstance(error, CsvInvalid) else _AT.get(data["audience"], "lists")
        form.add_error(name, str(error))
        if isinstance(error, NoAddressColumn):
            form.offer_columns(error.columns)
            form.offer_sheets(error.sheets if len(error.sheets) > 1 else ())
        return
    before = form.campaign.source
    if source is None or source == before:
        return
    operations.set_source(campaign=form.campaign, source=source, by=of_member(form.member))
    form.campaign.source = source
    if before is not None:
        _forget(before, form)


def _chosen_source(form: CampaignForm, data: Mapping[str, Any]) -> Source | None:
    """Return the source the form asks for, made if it is new; None to leave it as it is."""
    if data["file"]:
        said = {"address": data["address_column"], "sheet": data["sheet"]}
        try:
            made = _uploaded(form, data["file"], data["file"].name, said)
        except NoSuchSheet:  # it was chosen for another file
            data["file"].seek(0)
            made = _uploaded(form, data["file"], data["file"].name, said | {"sheet": ""})
        return campaign_people.but_for(form, data, made)
    if data["audience"] == SourceKind.UPLOAD:
        upload = _chosen_upload(form, data) if data["upload"] else None
        return campaign_people.but_for(form, data, upload) if upload is not None else None
    if data["audience"] == SourceKind.SHEET:
        sheet = next((one for one in form.all_sheets if str(one.public_id) == data["live"]), None)
        return campaign_people.live(form, data, sheet) if sheet is not None else None
    return campaign_people.chosen(form, data) if data["audience"] else None


def _chosen_upload(form: CampaignForm, data: Mapping[str, Any]) -> Source | None:
    """Return the file that was chosen; read anew when another sheet or column of it is meant."""
    before = form.campaign.source
    upload = next((one for one in form.uploads if str(one.public_id) == data["upload"]), None)
    if upload is None or before is None or upload != before.table:
        return upload  # the column and the sheet were chosen for another file
    sheet = upload.dialect.get("sheet", "")
    said = {"address": data["address_column"], "sheet": data["sheet"] or sheet}
    if said["sheet"] != sheet:
        said["address"] = ""  # another sheet has other columns
    elif said["address"] in ("", address_column_of(upload)):
        return upload
    with uploads.path_of(upload.file_path).open("rb") as file:
        return _uploaded(form, file, upload.file_name, said)


def _uploaded(form: CampaignForm, file: uploads.Readable, name: str, said: Mapping[str, str]) -> Source:
    return audience.create_upload_source(
        by=of_member(form.member),
        file=file,
        file_name=name,
        channel=channel_of(form),
        dialect_overrides={key: value for key, value in said.items() if value},
    )


def _forget(source: Source, form: CampaignForm) -> None:
    """Delete a choice of people that nothing uses any more. An uploaded file stays, for a change of mind."""
    if source.kind == SourceKind.UPLOAD and source.rows_of is None:
        return
    try:
        audience.delete_source(by=of_member(form.member), source=source)
    except ProtectedError:
        return  # a copy of the campaign has it


def channel_of(form: CampaignForm) -> str:
    """Return the channel by which addresses are read."""
    chosen = getattr(form, "cleaned_data", {}).get("sender")
    sender = next((one for one in form.all_senders if str(one.public_id) == chosen), None) if chosen else None
    return campaign_cascade.channel_of_people(form.campaign, form.position, sender.channel if sender else "")
