"""A campaign's message as one of its recipients will see it, and tests of it to named addresses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.utils.translation import gettext as _

from clarion.audience import queries as audience
from clarion.audience.masking import mask_values
from clarion.audience.models import SourceStatus
from clarion.campaigns import lengths, material, operations, queries
from clarion.campaigns.preflight import content_of
from clarion.channels import registry
from clarion.channels.base import ConfigInvalid
from clarion.channels.looks import look_of
from clarion.content import media, rendering
from clarion.engine.outcomes import REASONS, Accepted, Deferred
from clarion.lib.sentences import spoken
from clarion.senders import testing
from clarion.senders.errors import SecretsLost
from clarion.web import campaign_cascade, campaign_message, looks, mail_frame, sms_size
from clarion.web.links import workspace_url
from clarion.web.parts import Tab
from clarion.workspaces.actors import of_member

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponse

    from clarion.campaigns.models import Campaign, Step
    from clarion.web.http import PageRequest
    from clarion.workspaces.models import Membership

#: Recipients one can leaf through.
SAMPLE = 25
#: Addresses of one test.
TESTS_MAX = 5
#: Stands in for a recipient while there is none.
NOBODY = {"email": "ada@example.com", "first_name": "Ada", "last_name": "Lovelace"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pane:
    """The message for recipient `number` of `count`; `count` is 0 while there is no audience."""

    number: int = 1
    count: int = 0
    name: str = ""
    sender: str = ""
    subject: str = ""
    preheader: str = ""
    missing: list[str] = field(default_factory=list)
    problem: str = ""
    frame_url: str = ""
    #: How it looks on a channel that shows no documents.
    seen: looks.Seen | None = None
    previous_url: str = ""
    next_url: str = ""
    #: The ways in which a mail can be looked at, and the one that is chosen.
    looks: list[Tab] = field(default_factory=list)
    #: Of a short message: how many messages it takes for others.
    spread: str = ""
    #: Whether it stands beside the text, so that something can be mended in it.
    is_editable: bool = False
    look: str = ""


def _problem(campaign: Campaign, step: Step) -> str:
    """Return why what is written cannot be shown: the first of its errors."""
    found = material.compiled(campaign.workspace, step.channel, step.body_source).problems
    generic = _("The message cannot be shown before its errors are mended.")
    return " ".join([generic, *list(found.values())[:1]])


#: URL names of the pane and of the frame in it, for whoever composes.
COMPOSING = ("campaigns:preview", "campaigns:preview_frame")


def pane(request: PageRequest, campaign: Campaign, names: tuple[str, str] = COMPOSING) -> Pane:
    """Return the preview for the recipient that `?recipient=` names, counted from 1.

    `names` are the URL names of the pane and of the frame on the page that shows it.
    """
    step = campaign_cascade.step_shown(request, campaign)
    people = _people(request.member, campaign)
    number = _number(request, len(people))
    person, tongue = _person(request, people, step)
    look = _look(request)
    which = f"&step={step.position}" if step is not None and step.position else ""
    which += f"&language={tongue}" if tongue else ""
    plain, which = which, which + (f"&look={look}" if look else "")
    sender = _sender_name(step)
    shown = _name_of(person)
    is_sms = step is not None and step.channel == "sms"
    # Where there is neither subject nor title, its place says what the message is.
    bare = step is not None and not _has_subject(step.channel)
    content = content_of(step)[0] if step else {}
    if not content:
        typed = step.body_source if step else {}
        problem = _problem(campaign, step) if step is not None and _is_begun(typed) else ""
        return Pane(
            number=number, count=len(people), name=shown, sender=sender,
            subject=spoken(registry.get(step.channel).label) if step and bare else typed.get("subject", ""),
            preheader="" if bare else typed.get("preheader", ""), problem=problem,
        )  # fmt: skip
    filled = rendering.preview(content, step.channel if step else "email", person)
    measured = lengths.of(campaign, step) if step is not None and is_sms else None
    longest = _as_seen(request.member, dict(measured.longest)) if measured else {}
    # An SMS has no subject: what it costs stands in its place.
    subject, beside = sms_size.said(filled.text) if is_sms else (filled.subject, filled.preheader)
    if bare and not is_sms and step is not None:
        subject = subject or spoken(registry.get(step.channel).label)
    url, frame = (workspace_url(request, name, id=campaign.public_id) for name in names)
    return Pane(
        number=number, count=len(people), name=shown, sender=sender, subject=subject,
        preheader=beside, missing=filled.missing, problem=filled.problem,
        frame_url=f"{frame}?recipient={number}{which}&v={campaign.version}",
        spread=sms_size.spread(measured, _name_of(longest)) if measured else "",
        look=look, is_editable=names == COMPOSING,
        looks=[] if filled.problem else _looks(f"{url}?recipient={number}{plain}", step, look),
        seen=_seen(campaign, step, filled, sender) if step and not filled.problem else None,
        previous_url=f"{url}?recipient={number - 1}{which}" if number > 1 else "",
        next_url=f"{url}?recipient={number + 1}{which}" if number < len(people) else "",
    )  # fmt: skip


def _is_begun(source: Mapping[str, Any]) -> bool:
    return bool(source.get("source") or source.get("files") or campaign_message.has_picture(source))


def _has_subject(channel: str) -> bool:
    look = look_of(registry.get(channel))
    return look.has_subject or look.has_title


def _seen(campaign: Campaign, step: Step, filled: rendering.Preview, sender: str) -> looks.Seen:
    """Return how it looks on its channel, with the library's picture that goes along."""
    version = step.template_version
    source = version.source if version is not None else step.body_source
    pictures = media.pictures_of(campaign.workspace, source) if filled.file_name else {}
    return looks.seen(step.channel, filled, sender=sender, pictures=pictures)


def picks(member: Membership, campaign: Campaign, count: int = 3) -> list[tuple[int, str]]:
    """Return the number and name of so many of the campaign's people, from the first of the sample to the last."""
    people = _people(member, campaign)
    last = len(people) - 1
    places = sorted({round(last * n / (count - 1)) for n in range(count)}) if people else []
    return [(place + 1, _name_of(people[place])) for place in places]


def document(request: PageRequest, campaign: Campaign) -> HttpResponse:
    """Return the message as a document for a frame."""
    step = campaign_cascade.step_shown(request, campaign)
    person, _tongue = _person(request, _people(request.member, campaign), step)
    content = content_of(step)[0] if step else {}
    filled = rendering.preview(content, step.channel, person) if step and content else rendering.Preview()
    look = _look(request)
    return mail_frame.document(filled, as_text=look == "text", dark=look == "dark")


def _look(request: PageRequest) -> str:
    """Return in which way a mail is looked at; "" for as it is."""
    asked = request.POST.get("look") or request.GET.get("look") or ""
    return asked if asked in ("dark", "text") else ""


def _person(
    request: PageRequest, people: list[dict[str, Any]], step: Step | None
) -> tuple[dict[str, Any], str]:
    """Return whom the preview is for, and the language that is being written; whoever it is, that one is shown."""
    person = people[_number(request, len(people)) - 1] if people else NOBODY
    asked = request.POST.get("edited") or request.GET.get("language") or ""
    own = step.body_source if step is not None and step.template_version is None else {}
    tongue = asked if asked in (own.get("languages") or {}) else ""
    return ({**person, "language": tongue} if tongue else person), tongue


def _looks(url: str, step: Step | None, chosen: str) -> list[Tab]:
    """Return a link to each way of looking at a mail; none where it is no document."""
    if step is None or looks.shape_of(step.channel) != "mail":
        return []
    words = {"": _("Mail"), "dark": _("Dark"), "text": _("Plain text")}
    return [
        Tab(label=label, url=f"{url}&look={look}", current=look == chosen) for look, label in words.items()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestState:
    """Whether a test can be sent, and to whom it is suggested."""

    is_possible: bool
    is_done: bool
    address: str
    number: int
    #: What the keyboard of a phone is to offer: `inputmode` and `autocomplete` of HTML.
    mode: str
    hint: str


#: Kind of address → (inputmode, autocomplete).
_TYPING = {"email": ("email", "email"), "phone": ("tel", "tel")}


def test_state(request: PageRequest, campaign: Campaign) -> TestState:
    """Return what the form for tests shows."""
    step = campaign_cascade.step_shown(request, campaign)
    is_possible = bool(step and step.sender and content_of(step)[0])
    kind = registry.get(step.channel).address_kind if step and step.channel in registry.CHANNELS else "email"
    mode, hint = _TYPING.get(kind, ("text", "off"))
    return TestState(
        is_possible=is_possible,
        is_done=is_possible and queries.is_tested(campaign),
        # To oneself, where oneself is known: by mail.
        address=request.member.user.email if kind == "email" else "",
        number=_number(request, SAMPLE),
        mode=mode,
        hint=hint,
    )


def send_tests(request: PageRequest, campaign: Campaign) -> list[tuple[int, str]]:
    """Send the tests and return, for each address, a message level and what became of it."""
    step = campaign_cascade.step_shown(request, campaign)
    typed = request.POST.get("addresses", "").replace(";", ",").replace("\n", ",")
    addresses = list(dict.fromkeys(one.strip() for one in typed.split(",") if one.strip()))
    if step is None or step.sender is None or not content_of(step)[0]:
        return [(messages.ERROR, _("Choose a sender and write the message first."))]
    if not addresses:
        return [(messages.ERROR, _("Name an address to send the test to."))]
    if len(addresses) > TESTS_MAX:
        return [(messages.ERROR, _("A test goes to at most %(n)d addresses.") % {"n": TESTS_MAX})]
    people = _people(request.member, campaign)
    number = _number(request, len(people))
    person = people[number - 1] if people else NOBODY
    told = [_send_one(request, step, address, person) for address in addresses]
    taken = sum(level == messages.SUCCESS for level, _sentence in told)
    if taken:
        operations.record_test(
            campaign=campaign, channel=step.channel, recipient_count=taken, by=of_member(request.member)
        )
    return told


def _send_one(request: PageRequest, step: Step, address: str, person: dict[str, Any]) -> tuple[int, str]:
    assert step.sender is not None  # noqa: S101
    names = {"address": address}
    try:
        outcome = testing.send_test(
            step.sender, content_of(step)[0], address, person, by=of_member(request.member)
        )
    except ConfigInvalid as error:
        return messages.ERROR, f"{address}: {' '.join(error.problems.values())}"
    except SecretsLost as error:
        return messages.ERROR, str(error) or _(
            "The sender's credentials cannot be opened; type them in again."
        )
    if isinstance(outcome, Accepted):
        return messages.SUCCESS, _("The test to %(address)s was taken.") % names
    detail = getattr(outcome, "detail", "")
    why = f"{REASONS[outcome.reason].sentence} {detail}".strip()
    if isinstance(outcome, Deferred):
        return messages.WARNING, _("The test to %(address)s was put off: %(why)s") % (names | {"why": why})
    return messages.ERROR, _("The test to %(address)s did not go: %(why)s") % (names | {"why": why})


def _people(member: Membership, campaign: Campaign) -> list[dict[str, Any]]:
    """Return the first of the campaign's people, as the member may see them."""
    source = campaign.source
    if source is None or source.table.status == SourceStatus.FAILED:
        return []
    return [_as_seen(member, person) for person in audience.sample(source, SAMPLE)]


def _as_seen(member: Membership, person: dict[str, Any]) -> dict[str, Any]:
    return person if member.sees_people else mask_values(person)


def _name_of(person: dict[str, Any]) -> str:
    name = " ".join(str(person.get(key) or "") for key in ("first_name", "last_name")).strip()
    return name or str(person.get("email") or _("a recipient"))


def _number(request: PageRequest, count: int) -> int:
    typed = request.POST.get("recipient") or request.GET.get("recipient") or "1"
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 1
    return max(1, min(number, count or 1))


def _sender_name(step: Step | None) -> str:
    if step is None or step.sender is None:
        return ""
    config = step.sender.config
    return str(config.get("from_name") or config.get("from_address") or step.sender.name)
