"""Everything that can keep a message from leaving: the closed list, each with its words and what helps.

Screens, the command line and the documentation (docs/explanation/why-not-moving.md) are made from this table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Kind(StrEnum):
    """What holds messages. The values are stable: machines read them."""

    HALTED = "halted"
    SWITCHED_OFF = "switched_off"
    PAUSED_PERSON = "paused_person"
    PAUSED_WINDOW = "paused_window"
    PAUSED_LIMIT = "paused_limit"
    PAUSED_ERRORS = "paused_errors"
    PAUSED_BALANCE = "paused_balance"
    PAUSED_SENDER = "paused_sender"
    PAUSED_MENDED = "paused_mended"
    PAUSED_CONTENT = "paused_content"
    PAUSED_REVIEW = "paused_review"
    APPROVAL = "approval"
    BY_HAND = "by_hand"
    SCHEDULED = "scheduled"
    STARTING = "starting"
    MISSED = "missed"
    READING = "reading"
    SETTLING = "settling"
    BUILDING = "building"
    PUSHES = "pushes"
    NO_WORKER = "no_worker"
    SENDER_PAUSED = "sender_paused"
    SENDER_BLOCKED = "sender_blocked"
    PROVIDER_DOWN = "provider_down"
    PROVIDER_THROTTLES = "provider_throttles"
    NEXT_SHARE = "next_share"
    SECOND_YES = "second_yes"
    RECIPIENT_WINDOW = "recipient_window"
    RETRY = "retry"
    RECEIPTS = "receipts"
    SENDER_LIMIT = "sender_limit"
    TURN = "turn"
    OWN_DELAY = "own_delay"
    OWN_SPEED = "own_speed"
    SENDING = "sending"


class Do(StrEnum):
    """What a person can do about it; interfaces turn it into a link, a button or a command."""

    LIFT = "lift"
    CONTINUE = "continue"
    START = "start"
    EDIT = "edit"
    CHANGE_SPEED = "change_speed"
    MODERATE = "moderate"
    OPEN_SENDER = "open_sender"
    OPEN_CAMPAIGN = "open_campaign"
    OPEN_BALANCE = "open_balance"
    SHOW_WAITING = "show_waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How a cause is told. Names in the texts are filled in for the case at hand."""

    title: str | Promise
    #: What to do, or that nothing is to be done.
    cure: str | Promise
    do: tuple[Do, ...] = ()
    #: Whether it ends only when a person does something.
    is_grave: bool = False
    #: Whether messages leave all the same, only not all at once.
    is_pace: bool = False


CAUSES: Mapping[Kind, Words] = {
    Kind.HALTED: Words(
        title=_("The workspace is halted"),
        cure=_("Nothing leaves until an administrator lifts the halt."),
        do=(Do.LIFT,),
        is_grave=True,
    ),
    Kind.SWITCHED_OFF: Words(
        title=_("Campaigns are switched off in this workspace"),
        cure=_("Have whoever runs the installation switch them on."),
        is_grave=True,
    ),
    Kind.PAUSED_PERSON: Words(
        title=_("Paused by %(by)s"),
        cure=_("Nothing is lost: it goes on where it was when it is continued."),
        do=(Do.CONTINUE,),
    ),
    Kind.PAUSED_WINDOW: Words(
        title=_("Outside its sending window"),
        cure=_(
            "Nothing to do: it goes on by itself when the window opens. Change the window to send sooner."
        ),
        do=(Do.EDIT,),
    ),
    Kind.PAUSED_LIMIT: Words(
        title=_("A limit is reached"),
        cure=_("It goes on by itself when there is room again; raise the sender's limit to send sooner."),
        do=(Do.OPEN_SENDER, Do.CONTINUE),
    ),
    Kind.PAUSED_ERRORS: Words(
        title=_("Paused because of too many errors"),
        cure=_("Look at the errors, mend their cause, then continue."),
        do=(Do.CONTINUE,),
        is_grave=True,
    ),
    Kind.PAUSED_BALANCE: Words(
        title=_("The balance is used up"),
        cure=_("Have the balance topped up: it goes on by itself."),
        do=(Do.OPEN_BALANCE, Do.CONTINUE),
        is_grave=True,
    ),
    Kind.PAUSED_SENDER: Words(
        title=_("The provider refused the sender"),
        cure=_("Correct the sender's settings, activate it, then continue."),
        do=(Do.OPEN_SENDER,),
        is_grave=True,
    ),
    Kind.PAUSED_MENDED: Words(
        title=_("The sender is active again; the campaign is still paused"),
        cure=_("Continue it: it goes on where it was."),
        do=(Do.CONTINUE,),
    ),
    Kind.PAUSED_CONTENT: Words(
        title=_("The provider refuses what it says"),
        cure=_(
            "Look at the template on the sender's page. When it is approved again, or another is chosen, continue."
        ),
        do=(Do.OPEN_SENDER, Do.CONTINUE),
        is_grave=True,
    ),
    Kind.PAUSED_REVIEW: Words(
        title=_("The first part is out; the rest waits for a second approval"),
        cure=_("A moderator looks at how the first part went and releases the rest."),
        do=(Do.MODERATE,),
    ),
    Kind.APPROVAL: Words(
        title=_("It waits for a moderator"),
        cure=_("A moderator who is not its author approves or rejects it."),
        do=(Do.MODERATE,),
    ),
    Kind.BY_HAND: Words(title=_("It is ready and waits to be started"), cure=_("Start it."), do=(Do.START,)),
    Kind.SCHEDULED: Words(
        title=_("Its time has not come yet"),
        cure=_("Nothing to do: it starts by itself. Start it now to send sooner."),
        do=(Do.START,),
    ),
    Kind.STARTING: Words(title=_("It is about to start"), cure=_("Nothing to do.")),
    Kind.MISSED: Words(
        title=_("Its start time was missed: nothing was running then"),
        cure=_("Start it now, or give it another time."),
        do=(Do.START, Do.EDIT),
        is_grave=True,
    ),
    Kind.READING: Words(
        title=_("Its file is still being read"), cure=_("Nothing to do: it goes on when the file is read.")
    ),
    Kind.SETTLING: Words(
        title=_("Its earlier run is being settled"),
        cure=_("Nothing to do: who has got the message already must be known first."),
    ),
    Kind.BUILDING: Words(
        title=_("Its recipients are being put together"), cure=_("Nothing to do: sending begins by itself.")
    ),
    Kind.PUSHES: Words(
        title=_("It waits for people to be pushed"),
        cure=_("Nothing to do: whoever is pushed gets it at once."),
    ),
    Kind.NO_WORKER: Words(
        title=_("No sending process is running"),
        cure=_("Start one with “clarion worker”; sending goes on where it was."),
        is_grave=True,
    ),
    Kind.SENDER_PAUSED: Words(
        title=_("The sender “%(sender)s” is paused"),
        cure=_("Activate the sender; the campaign goes on by itself."),
        do=(Do.OPEN_SENDER,),
        is_grave=True,
    ),
    Kind.SENDER_BLOCKED: Words(
        title=_("The sender “%(sender)s” is blocked"),
        cure=_("Mend what the provider refused, then activate the sender."),
        do=(Do.OPEN_SENDER,),
        is_grave=True,
    ),
    Kind.PROVIDER_DOWN: Words(
        title=_("The provider of “%(sender)s” is given a rest"),
        cure=_("Nothing to do: it is tried again by itself, and sending goes on once it answers."),
        do=(Do.OPEN_SENDER,),
    ),
    Kind.PROVIDER_THROTTLES: Words(
        title=_("The provider of “%(sender)s” asked to send more slowly"),
        cure=_("It is tried again by itself. Lower the sender's limit if this goes on."),
        do=(Do.OPEN_SENDER,),
    ),
    Kind.NEXT_SHARE: Words(
        title=_("The next day's share"),
        cure=_("Nothing to do: each day a share of the people gets it."),
        do=(Do.EDIT,),
    ),
    Kind.SECOND_YES: Words(
        title=_("The part after the first one"),
        cure=_("A moderator releases it when the first part went well."),
        do=(Do.MODERATE,),
    ),
    Kind.RECIPIENT_WINDOW: Words(
        title=_("Outside the window in the recipients' own zones"),
        cure=_("Nothing to do: each message leaves when the window opens where its recipient is."),
        do=(Do.SHOW_WAITING,),
    ),
    Kind.RETRY: Words(
        title=_("Put off, and tried again later"),
        cure=_("Nothing to do: they are tried again by themselves."),
        do=(Do.SHOW_WAITING,),
    ),
    Kind.RECEIPTS: Words(
        title=_("Waiting for delivery receipts of step %(step)s, %(channel)s"),
        cure=_("Nothing to do: whose message is not reported by then gets the next channel of the cascade."),
    ),
    Kind.SENDER_LIMIT: Words(
        title=_("The limit of “%(sender)s” is used up: %(limit)s"),
        cure=_("Nothing to do: it goes on when there is room again. Raise the limit to send sooner."),
        do=(Do.OPEN_SENDER,),
    ),
    Kind.TURN: Words(
        title=_("It takes turns with “%(campaign)s” on the sender “%(sender)s”"),
        cure=_("Nothing to do: each campaign gets its share. Pause the other one, or use another sender."),
        do=(Do.OPEN_CAMPAIGN,),
        is_pace=True,
    ),
    Kind.OWN_DELAY: Words(
        title=_("The campaign's own delay between recipients: %(delay)s"),
        cure=_("Shorten the delay to send faster."),
        do=(Do.CHANGE_SPEED,),
        is_pace=True,
    ),
    Kind.OWN_SPEED: Words(
        title=_("The campaign's own speed limit: %(speed)s"),
        cure=_("Raise the speed limit to send faster."),
        do=(Do.CHANGE_SPEED,),
        is_pace=True,
    ),
    Kind.SENDING: Words(title=_("Being sent now"), cure=_("Nothing to do."), is_pace=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """Something to do, and to what: a campaign's, a sender's or a workspace's public name."""

    do: Do
    object_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One cause as it holds now."""

    kind: Kind
    #: Pending messages that it holds; 0 for what would hold them next, once the causes before it are gone.
    count: int
    title: str
    #: What more is known of this case: a reason, the provider's words.
    text: str = ""
    cure: str = ""
    #: Since when, and when it ends by itself, as far as is known.
    since: datetime | None = None
    until: datetime | None = None
    is_next: bool = False
    remedies: tuple[Remedy, ...] = field(default_factory=tuple)

    @property
    def is_grave(self) -> bool:
        """Whether it ends only when a person does something."""
        return CAUSES[self.kind].is_grave

    @property
    def is_pace(self) -> bool:
        """Whether messages leave all the same, only not all at once."""
        return CAUSES[self.kind].is_pace


def told(
    kind: Kind,
    count: int,
    *,
    values: Mapping[str, object] | None = None,
    text: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    is_next: bool = False,
    objects: Mapping[Do, str] | None = None,
) -> Cause:
    """Return the cause in the present language. `objects` says what each thing to do is done to."""
    words = CAUSES[kind]
    known = objects or {}
    return Cause(
        kind=kind,
        count=count,
        title=str(words.title) % values if values else str(words.title),
        text=text,
        cure=str(words.cure),
        since=since,
        until=until,
        is_next=is_next,
        remedies=tuple(Remedy(do=do, object_id=known.get(do, "")) for do in words.do),
    )
