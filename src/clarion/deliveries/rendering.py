"""A message as it was sent: made again from the run's frozen content and the person's frozen values."""

import email
import email.policy
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any, Protocol, runtime_checkable

from django.conf import settings
from django.utils.translation import gettext as _

from clarion.channels import registry, tongues
from clarion.channels.base import ConfigInvalid, StepContext
from clarion.deliveries.models import Run, RunStep
from clarion.deliveries.states import delivery_id
from clarion.engine.messages import Claim, RenderFailed
from clarion.senders.models import Sender

#: Links of such a copy carry tokens made with this, which nothing accepts: whoever looks at a message must not
#: be able to unsubscribe the person it was for.
_INERT_KEY = b"copies of messages carry links that do nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What a person got to see. `problem` is a sentence when it cannot be made; the rest is empty then."""

    subject: str = ""
    text: str = ""
    html: str = ""
    #: Names of the files sent with it.
    attachments: tuple[str, ...] = ()
    problem: str = ""


@runtime_checkable
class Wired(Protocol):
    """A payload that goes over the wire as an internet message (RFC 5322), dots stuffed, with the final dot."""

    def wire(self, *, eight_bit: bool = True) -> bytes: ...


def as_sent(run: Run, step: RunStep, *, recipient: int, address: str, variables: Mapping[str, Any]) -> Copy:
    """Return the message to a recipient. Dates and links' tokens in it are not the original ones."""
    sender = Sender.objects.filter(pk=step.sender_id, workspace_id=run.workspace_id).first()
    config = sender.config if sender else {}
    context = StepContext(
        workspace_id=run.workspace_id,
        run_id=run.pk,
        campaign_public_id="",
        public_url=settings.CLARION_PUBLIC_URL,
        token_key=_INERT_KEY,
    )
    claim = Claim(run.pk, delivery_id(recipient, step.step), 1, address, variables)
    try:
        channel = registry.get(step.channel)
        composer = tongues.composer(channel, step.content, config, context)
        payload = composer.compose(claim).payload
    except (RenderFailed, ConfigInvalid, KeyError, TypeError, ValueError) as problem:
        # A sender or a channel may have gone since; the record of the message stays readable without it.
        return Copy(problem=_why_not(problem, step, sender))
    return _seen(payload)


def _why_not(problem: Exception, step: RunStep, sender: Sender | None) -> str:
    """Return in a sentence why the message cannot be made again; a program's own words are none."""
    if isinstance(problem, RenderFailed) and str(problem):
        return str(problem)
    if step.channel not in registry.CHANNELS:
        return _("Its channel, %(channel)s, is not part of this program.") % {"channel": step.channel}
    if sender is None:
        return _("The sender that it went by is gone.")
    if isinstance(problem, ConfigInvalid) and problem.problems:
        sentences = " ".join(dict.fromkeys(problem.problems.values()))
        return _("What was kept of it does not fit any more: %(problems)s") % {"problems": sentences}
    return _("What was kept of it does not fit this version of the program.")


def _seen(payload: object) -> Copy:
    if isinstance(payload, Wired):
        wire = payload.wire().removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
        return _mail(email.message_from_bytes(wire, policy=email.policy.default))
    return Copy(
        subject=str(getattr(payload, "subject", "")),
        text=str(getattr(payload, "text", "")),
        html=str(getattr(payload, "html", "")),
    )


def _mail(message: EmailMessage) -> Copy:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return Copy(
        subject=str(message["Subject"] or ""),
        text=text.get_content() if text is not None else "",
        html=html.get_content() if html is not None else "",
        attachments=tuple(
            part.get_filename() or part.get_content_type() for part in message.iter_attachments()
        ),
    )
