"""What a channel is to the rest of the program."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from clarion.channels.events import Joined, Left, Notice, ReceiptEvent, Reply
from clarion.engine.ports import Composer, Transport
from clarion.lib.sentences import all_spoken


class ConfigInvalid(ValueError):
    """A sender's settings or a content do not fit the channel. `problems` maps a field name to a sentence."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {sentence}" for name, sentence in problems.items()))
        self._problems = dict(problems)

    @property
    def problems(self) -> dict[str, str]:
        """Field → what is wrong with it, in the language of whoever asks now."""
        return all_spoken(self._problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepContext:
    """What a composer needs beside the content: who sends, and how links lead back to us."""

    workspace_id: int
    run_id: int
    campaign_public_id: str
    #: Public base address of this installation, without a trailing slash.
    public_url: str
    #: Secret from which unsubscribe tokens are made.
    token_key: bytes
    #: Targets of the links that are followed, as stored with the run: number 1 first (`channels.tracking`).
    links: tuple[str, ...] = ()
    #: Whether messages tell that they were opened.
    tracks_opens: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRequest:
    """A provider's call to `/hooks/<sender>/<path>`, as it came. The body is at most `MAX_HOOK_OCTETS` long."""

    method: str
    #: What follows the sender's own address, without a leading slash.
    path: str = ""
    #: The whole address as the provider called it, with its query: some signatures cover it.
    url: str = ""
    #: The query as it came, without the question mark.
    query: str = ""
    #: By names in lower case.
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


#: Longest body of a callback that is taken: Meta gathers up to 3 MB of statuses in one.
MAX_HOOK_OCTETS = 3_200_000


class HookRefused(Exception):
    """The call is not the provider's: its signature is missing or wrong. The words are for our log alone."""


class HookUnreadable(Exception):
    """The call is the provider's by its signature, but nothing that can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookAnswer:
    """What a provider wants to hear instead of an empty 204, such as the challenge of a set-up."""

    body: bytes
    content_type: str = "text/plain"


#: What a parser of callbacks finds in one.
HookItem = ReceiptEvent | Reply | Notice | Joined | Left | HookAnswer


#: Takes what a provider tells, and tells, on the same loop, whether it is kept; the provider is answered then.
Heard = Callable[[Sequence[ReceiptEvent | Reply], Callable[[bool], None]], None]


class Listener(Protocol):
    """Keeps a way open on which the provider brings what it tells later."""

    #: What keeps it from listening, a sentence for a person; empty while it listens.
    problem: str

    async def run(self) -> None:
        """Listen until cancelled. Mends what breaks by itself, and tries again for ever."""


@runtime_checkable
class Hears(Protocol):
    """A transport on whose connections the provider also brings what it tells later."""

    def hear(self, heard: Heard) -> None:
        """Take `heard` before the first message is sent."""


class NoHooks:
    """For channels whose providers call nobody, and do not tell of a message by their own id later."""

    #: Whether the provider's own ids are kept so that a receipt is found by them. It costs a row a message, so
    #: only where the provider cannot be made to carry our own id; not for a sender whose setting `receipts` is "none".
    tracks_provider_ids: bool = False
    #: Whether any sender of the channel has a listener.
    listens: bool = False

    def tracks(self, config: Mapping[str, Any]) -> bool:
        """Tell whether a sender with these settings needs its provider's ids."""
        return self.tracks_provider_ids and config.get("receipts") != "none"

    def listener(self, config: Mapping[str, Any], heard: Heard) -> Listener | None:
        """Return none: nothing is to be kept open."""
        return None

    def code_url(self, code: str) -> str:
        """Return nothing: the codes are a standard's."""
        return ""

    def receipts(self, request: HookRequest, config: Mapping[str, Any]) -> list[HookItem]:
        """Refuse every call."""
        raise HookRefused("the channel takes no callbacks")


class Channel(Protocol):
    """One way to reach people. Implementations are modules' `CHANNEL` objects, listed in `registry`."""

    name: str
    label: str
    #: lucide icon name.
    icon: str
    #: The name of the contact's address that this channel uses: "email", "phone", …
    address_kind: str
    #: Names of config fields that are secret: sealed in the database and never shown again.
    secrets: frozenset[str]
    #: Whether any sender needs its provider's own ids kept so that receipts are found by them; see `tracks`.
    tracks_provider_ids: bool
    #: Whether any sender of the channel has a listener.
    listens: bool

    def config_from_url(self, url: str, sender: str) -> dict[str, Any]:
        """Return settings from what a command line gives: an address with credentials, and who it is from.

        They are still to be checked. Raises ConfigInvalid, with the fields `url` and `from`.
        """

    def check_config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned, JSON-serialisable settings. Raises ConfigInvalid."""

    def check_content(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cleaned, JSON-serialisable content. Raises ConfigInvalid."""

    def normalise_address(self, address: str) -> str:
        """Return the one form by which an address is stored and compared. Raises ValueError with a sentence."""

    def composer(
        self, content: Mapping[str, Any], config: Mapping[str, Any], context: StepContext
    ) -> Composer:
        """Prepare the content once for a run. `content` and `config` have been checked."""

    def transport(self, config: Mapping[str, Any]) -> Transport:
        """Return a transport that connects on first use. `config` has been checked and holds its secrets."""

    def receipts(self, request: HookRequest, config: Mapping[str, Any]) -> list[HookItem]:
        """Return what a provider's call tells, in its order; an empty list if nothing of interest.

        `config` has been checked and holds its secrets. The signature is verified first, in constant time.
        What is not understood becomes a ReceiptEvent of the kind UNKNOWN with the original in `raw`.
        Raises HookRefused and HookUnreadable. Does no input or output, and remembers nothing: a call may come
        twice, and events in any order.
        """

    def code_url(self, code: str) -> str:
        """Return where the provider explains one of its codes; empty where it does not."""

    def tracks(self, config: Mapping[str, Any]) -> bool:
        """Tell whether a sender needs its provider's ids. `config` is without its secrets, and may be an old one."""

    def listener(self, config: Mapping[str, Any], heard: Heard) -> Listener | None:
        """Return what is to run for as long as the sender is there; None if its provider brings nothing.

        `config` has been checked and holds its secrets. One process runs it for each sender.
        """

    async def check_credentials(self, config: Mapping[str, Any]) -> "CheckResult":
        """Connect and sign in without sending; say what was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What a credential check found: one line a step, for a person to read."""

    ok: bool
    #: (step, what was seen), such as ("STARTTLS", "TLSv1.3, certificate valid until 2027-01-02").
    lines: list[tuple[str, str]] = field(default_factory=list)
    problem: str = ""


def sentence_of(channel: Channel, code: str) -> str:
    """Return what a code of a delivery or a receipt says: the channel's `sentence_of`; "" without one."""
    told = getattr(channel, "sentence_of", None)
    return str(told(code)) if told is not None and code else ""


def reports_delivery(channel: Channel, config: Mapping[str, Any]) -> bool:
    """Whether receipts of a sender tell when a message arrived: its channel's `reports_delivery`, False without one.

    A sender that asks for no receipts, or for those of failures alone (setting `receipts`), does not; a channel that
    knows more of its settings says so by `can_report`. `config` is without its secrets. A cascade that waits for
    receipts takes silence for failure on such a sender alone.
    """
    if not getattr(channel, "reports_delivery", False) or config.get("receipts", "all") != "all":
        return False
    ask = getattr(channel, "can_report", None)
    return True if ask is None else bool(ask(config))


def misfit(channel: Channel, content: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """Return why a sender cannot send a checked content, a sentence: the channel's `misfit`; "" when it can."""
    ask = getattr(channel, "misfit", None)
    return "" if ask is None else str(ask(content, config))


def confirms_answers(channel: Channel) -> bool:
    """Whether a plain text may be sent back to who answers: the channel's `confirms_answers`, False without one."""
    return bool(getattr(channel, "confirms_answers", False))


@runtime_checkable
class Shares(Protocol):
    """A channel whose senders in one workspace may have secrets in common; their setting `keys` says which do."""

    #: Names of these secrets.
    shared_secrets: frozenset[str]

    def whose(self, config: Mapping[str, Any], before: Mapping[str, Any] | None) -> str:
        """Return "workspace" or "own": what is given says, else what the sender had before (None: it is new)."""

    def new_shared(self) -> Mapping[str, str]:
        """Return such secrets for a workspace that has none yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateKey:
    """By what a provider knows a template: its name and its language, written as the provider does."""

    name: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderTemplate:
    """A template as the provider lists it."""

    name: str
    language: str
    provider_id: str = ""
    #: The provider's words in capitals, such as APPROVED, MARKETING and GREEN.
    status: str = ""
    category: str = ""
    quality: str = ""
    #: Why it was rejected, where told.
    note: str = ""
    #: What of it is fixed and what is filled in, as the channel keeps it: JSON.
    shape: Mapping[str, Any] = field(default_factory=dict)
    #: Why messages cannot be made of it here, a sentence; empty when they can.
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAccount:
    """What a provider says of a sender's account."""

    templates: Sequence[ProviderTemplate]
    #: People who may be written to in a day; 0 for no limit, None when it was not told.
    per_day: int | None = None
    #: The provider's word for how recipients take the sender's messages.
    quality: str = ""


class SyncFailed(Exception):
    """The provider did not say what it has. The words are for a person, and without secrets."""


@runtime_checkable
class Approves(Protocol):
    """A channel whose provider keeps templates and approves them: messages follow one of these."""

    async def account(self, config: Mapping[str, Any]) -> ProviderAccount:
        """Return what the provider has. `config` has been checked and holds its secrets. Raises SyncFailed."""

    def template_key(self, content: Mapping[str, Any]) -> TemplateKey | None:
        """Return which template a content in one language follows; None when that cannot be read."""

    #: The provider's words for a template by which messages go, and for one by which no message goes any more.
    sendable: frozenset[str]
    stopped: frozenset[str]

    def follows(self, content: Mapping[str, Any], shape: Mapping[str, Any]) -> bool:
        """Tell whether a content in one language was written for a template of just that shape."""

    def new_source(self, shape: Mapping[str, Any]) -> dict[str, Any]:
        """Return what an author begins with for a template of that shape, as `clarion.content.sources` has it."""

    def account_id(self, config: Mapping[str, Any]) -> str:
        """Return what senders of one account have in common; their templates are the same."""
