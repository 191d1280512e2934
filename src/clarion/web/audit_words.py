"""Events of the whole workspace's trail in words: what kinds of things there are, and what can happen to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from clarion.web import campaign_trail

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

#: Kinds of objects and their icons, in the order of the filter.
KINDS: dict[str, tuple[_StrPromise, str]] = {
    "campaign": (_("Campaign"), "megaphone"),
    "contact": (_("Contact"), "users"),
    "attribute": (_("Attribute"), "tag"),
    "list": (_("List"), "list"),
    "segment": (_("Segment"), "funnel"),
    "import": (_("Import"), "file-up"),
    "sheet": (_("Live source"), "file-spreadsheet"),
    "source": (_("Source"), "file-spreadsheet"),
    "suppression": (_("Suppression"), "shield-off"),
    "template": (_("Template"), "file-text"),
    "media": (_("Media"), "image"),
    "sender": (_("Sender"), "plug"),
    "member": (_("Member"), "user"),
    "token": (_("Token"), "key-round"),
    "webhook": (_("Webhook"), "webhook"),
    "workspace": (_("Workspace"), "building-2"),
}

_TITLES: dict[str, _StrPromise] = {
    "contact.created": _("Contact added"),
    "contact.changed": _("Contact changed"),
    "contact.merged": _("Contacts merged"),
    "contact.consent": _("Consent noted"),
    "contact.address_preferred": _("Another address preferred"),
    "contact.revealed": _("A person's data shown"),
    "campaign.revealed": _("A recipient's data shown"),
    "workspace.branding": _("Look of public pages changed"),
    "workspace.create": _("Workspace made"),
    "workspace.switch_campaigns": _("Campaigns switched on or off"),
    "contact.exported": _("A person's data downloaded"),
    "contact.erased": _("Person erased"),
    "contact.erasure_done": _("Erasure finished"),
    "contacts.allowed_again": _("Erased address allowed again"),
    "contacts.bulk_state": _("State of many contacts changed"),
    "contacts.bulk_tag": _("Many contacts tagged"),
    "contacts.bulk_untag": _("Tag taken off many contacts"),
    "contacts.bulk_list": _("Many contacts added to a list"),
    "contacts.bulk_unlist": _("Many contacts taken off a list"),
    "contacts.bulk_undone": _("Change to many contacts taken back"),
    "contacts.deleted": _("Contacts deleted"),
    "contacts.state_set": _("State of contacts changed"),
    "contacts.tagged": _("Contacts tagged"),
    "contacts.untagged": _("Tags taken from contacts"),
    "attribute.defined": _("Attribute defined"),
    "attribute.changed": _("Attribute changed"),
    "attribute.forgotten": _("Attribute forgotten"),
    "list.created": _("List made"),
    "list.changed": _("List changed"),
    "list.deleted": _("List deleted"),
    "list.members_added": _("People added to the list"),
    "list.members_removed": _("People taken from the list"),
    "segment.created": _("Segment made"),
    "segment.changed": _("Segment changed"),
    "segment.deleted": _("Segment deleted"),
    "import.started": _("Import started"),
    "import.done": _("Import done"),
    "import.failed": _("Import failed"),
    "import.cancelled": _("Import cancelled"),
    "sheet.created": _("Live source made"),
    "sheet.changed": _("Live source changed"),
    "sheet.deleted": _("Live source deleted"),
    "source.uploaded": _("File uploaded"),
    "suppression.added": _("Address suppressed"),
    "suppression.removed": _("Suppression removed"),
    "suppression.removed_many": _("Suppressions removed"),
    "suppression.imported": _("Suppressions imported"),
    "template.created": _("Template made"),
    "template.changed": _("Template changed"),
    "template.renamed": _("Template renamed"),
    "template.archived": _("Template archived"),
    "template.restored": _("Template restored"),
    "template.deleted": _("Template deleted"),
    "template.approval_changed": _("Approval of the template changed"),
    "media.uploaded": _("File uploaded"),
    "media.deleted": _("File deleted"),
    "sender.created": _("Sender made"),
    "sender.changed": _("Sender changed"),
    "sender.activated": _("Sender activated"),
    "sender.paused": _("Sender paused"),
    "sender.blocked": _("Sender blocked"),
    "sender.deleted": _("Sender deleted"),
    "sender.name_proposed": _("Sender name proposed"),
    "sender.name_pending": _("Sender name submitted for approval"),
    "sender.name_approved": _("Sender name approved"),
    "sender.name_rejected": _("Sender name rejected"),
    "sender.name_archived": _("Sender name archived"),
    "sender.name_draft": _("Sender name taken back"),
    "sender.templates_synced": _("Approved templates read"),
    "sender.template_status": _("Approval of a template changed"),
    "member.invite": _("Member invited"),
    "member.withdraw": _("Invitation withdrawn"),
    "member.join": _("Member joined"),
    "member.role": _("Role changed"),
    "member.suspend": _("Member suspended"),
    "member.reinstate": _("Member let in again"),
    "member.remove": _("Member removed"),
    "token.create": _("Token made"),
    "token.revoke": _("Token revoked"),
    "workspace.update": _("Settings changed"),
    "webhook.create": _("Webhook made"),
    "webhook.change": _("Webhook changed"),
    "webhook.on": _("Webhook switched on"),
    "webhook.off": _("Webhook switched off"),
    "webhook.disable": _("Webhook disabled"),
    "webhook.rotate": _("Secret of a webhook replaced"),
    "webhook.replay": _("Events told again"),
    "webhook.remove": _("Webhook removed"),
    "workspace.answer_words_reset": _("Words of answers set back"),
    "workspace.answer_words_set": _("Words of answers changed"),
    "workspace.audit_download": _("Audit log downloaded"),
    "workspace.balance_correction": _("Balance corrected"),
    "workspace.balance_off": _("Balance switched off"),
    "workspace.balance_on": _("Balance switched on"),
    "workspace.balance_top_up": _("Balance topped up"),
    "workspace.balance_warning": _("Warning of a low balance set"),
    "workspace.price_removed": _("Price removed"),
    "workspace.price_set": _("Price set"),
    "workspace.prices_replaced": _("Price list replaced"),
    "workspace.caps_set": _("Frequency caps changed"),
    "workspace.consent_required": _("Channels that need consent changed"),
    "workspace.halt": _("Everything halted"),
    "workspace.look": _("Looked into by a system administrator"),
    "workspace.lift_halt": _("Halt lifted"),
    "workspace.opt_out_rules_set": _("Opt-out rules changed"),
}


def title_of(action: str) -> str:
    """Return an event's name: "Campaign: paused" for "campaign.pause"; one of a later version by its own words."""
    if action in _TITLES:
        return str(_TITLES[action])
    noun, _dot, verb = action.partition(".")
    if noun == "campaign":
        return campaign_trail.title_of(action)
    kind = KINDS.get(noun)
    return f"{kind[0] if kind else noun.capitalize()}: {verb.replace('_', ' ')}"


def actions_of(kind: str) -> list[tuple[str, str]]:
    """Return the events that things of the kind can have, with their names, for the filter."""
    if kind == "campaign":
        return sorted(
            ((f"campaign.{verb}", title) for verb, title in campaign_trail.verbs().items()),
            key=lambda pair: pair[1].casefold(),
        )
    return [
        (action, str(title))
        for action, title in _TITLES.items()
        if action.partition(".")[0].rstrip("s") == kind
    ]


def label_of(kind: str) -> str:
    """Return the name of a kind of things."""
    return str(KINDS[kind][0]) if kind in KINDS else kind.capitalize()


def icon_of(kind: str) -> str:
    return KINDS[kind][1] if kind in KINDS else "circle"
