"""How a channel's messages are written and look, as far as the rest of the program must know.

A channel says so by an attribute `look`; one without it is taken for a chat: plain text in a bubble. Imports no
Django.
"""

from dataclasses import dataclass
from enum import StrEnum

from clarion.channels.base import Channel


class Shape(StrEnum):
    """What a preview shows; each has its page component, see `clarion.web.looks`."""

    MAIL = "mail"
    SMS = "sms"
    CHAT = "chat"
    PUSH = "push"
    CALL = "call"


#: Ways to write a message, the one a new template begins with first: (mail) blocks, sources and Markdown.
MAIL_MODES = ("blocks", "html", "mjml", "markdown", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What authors need of a channel."""

    shape: Shape = Shape.CHAT
    #: Ways in which its messages can be written; see `clarion.content.sources.MODES`.
    modes: tuple[str, ...] = ("text",)
    #: Whether its messages have a subject and a line shown beside it.
    has_subject: bool = False
    #: Whether they have a title and no more of a mail, as notifications do. It is the content's `subject`.
    has_title: bool = False
    #: Whether files can go with its messages: contents may have `attachments`.
    has_files: bool = False
    #: Whether each of its messages has words. A channel that also takes a picture alone refuses what is empty itself.
    needs_words: bool = True
    #: Whether its templates are sent only after the provider has approved them.
    needs_approval: bool = False


MAIL = Look(shape=Shape.MAIL, modes=MAIL_MODES, has_subject=True, has_files=True)
SMS = Look(shape=Shape.SMS)
CHAT = Look(needs_words=False)
PUSH = Look(shape=Shape.PUSH, has_title=True, needs_words=False)
CALL = Look(shape=Shape.CALL, needs_words=False)


def look_of(channel: Channel) -> Look:
    """Return how the channel looks."""
    found = getattr(channel, "look", CHAT)
    return found if isinstance(found, Look) else CHAT
