"""What can become of one hand-over. Outcomes are values; an exception from a transport is a bug of ours."""

from dataclasses import dataclass
from enum import IntEnum


class Scope(IntEnum):
    """What is wrong, and therefore what stops."""

    #: The address: it is suppressed when the reason says so.
    RECIPIENT = 1
    #: This one message.
    MESSAGE = 2
    #: The account we send with: the sender is paused and a person is told.
    SENDER = 3
    #: The far side as a whole: the circuit breaker opens, and no attempt is counted.
    PROVIDER = 4
    #: What the campaign says to everybody: it is paused and a person is told; nobody's message fails by it.
    CAMPAIGN = 5


class Reason(IntEnum):
    """Why a message was not simply accepted. A closed list; each has a sentence and a cure in `REASONS`."""

    # The connection and the provider.
    CONNECTION_FAILED = 101
    CONNECTION_LOST = 102
    PROVIDER_BUSY = 103
    PROVIDER_DOWN = 104
    THROTTLED = 105
    TIMED_OUT = 106
    PROTOCOL_ERROR = 107
    TLS_FAILED = 108
    # The sender.
    CREDENTIALS_REFUSED = 201
    SENDER_REFUSED = 202
    SENDER_BLOCKED = 203
    QUOTA_EXCEEDED = 204
    SENDER_UNUSABLE = 205
    SENDER_UNLINKED = 209
    # The recipient.
    ADDRESS_UNKNOWN = 301
    ADDRESS_INVALID = 302
    MAILBOX_FULL = 303
    MAILBOX_UNAVAILABLE = 304
    DOMAIN_UNKNOWN = 305
    RECIPIENT_REFUSED = 306
    RECIPIENT_BLOCKED = 307
    ADDRESS_EXPIRED = 308
    LINE_BUSY = 321
    NO_ANSWER = 322
    CALL_REJECTED = 323
    MACHINE_ANSWERED = 324
    CALL_ABANDONED = 325
    CALL_CONGESTED = 326
    CALL_FAILED = 327
    # The message.
    MESSAGE_REFUSED = 401
    MESSAGE_TOO_LARGE = 402
    CONTENT_REFUSED = 403
    RENDER_FAILED = 404
    FEATURE_UNSUPPORTED = 405
    TEMPLATE_UNUSABLE = 406
    # Our side.
    HANDOVER_INTERRUPTED = 501
    ATTEMPTS_EXHAUSTED = 502
    TRANSPORT_FAULT = 503
    OUTSIDE_WINDOW = 504
    REJECTED = 599


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One sentence on what happened and one on what to do, in plain English for translation."""

    sentence: str
    cure: str


REASONS: dict[Reason, Explanation] = {
    Reason.CONNECTION_FAILED: Explanation(
        sentence="The provider could not be reached.",
        cure="Check the host, the port and the network; sending goes on by itself once it answers.",
    ),
    Reason.CONNECTION_LOST: Explanation(
        sentence="The connection broke after the message was handed over, so it may or may not have arrived.",
        cure="Check with the provider, then mark these as sent or send them again.",
    ),
    Reason.PROVIDER_BUSY: Explanation(
        sentence="The provider asked to try again later.",
        cure="Nothing to do: the message is tried again by itself.",
    ),
    Reason.PROVIDER_DOWN: Explanation(
        sentence="The provider said that it is not available.",
        cure="Nothing to do: sending goes on by itself once it answers.",
    ),
    Reason.THROTTLED: Explanation(
        sentence="The provider takes messages more slowly than they were sent.",
        cure="Lower the sender's limit if this goes on.",
    ),
    Reason.TIMED_OUT: Explanation(
        sentence="The provider did not answer in time.",
        cure="Nothing to do: the message is tried again by itself.",
    ),
    Reason.PROTOCOL_ERROR: Explanation(
        sentence="The provider answered with something that is not the protocol.",
        cure="Check that host and port belong to the service the sender is set up for.",
    ),
    Reason.TLS_FAILED: Explanation(
        sentence="An encrypted connection could not be made.",
        cure="Check the sender's security setting and the server's certificate.",
    ),
    Reason.CREDENTIALS_REFUSED: Explanation(
        sentence="The provider refused the sender's credentials.",
        cure="Correct the user name and password of the sender, then activate it again.",
    ),
    Reason.SENDER_REFUSED: Explanation(
        sentence="The provider does not accept mail from this sender address.",
        cure="Use a From address that the provider allows, or have it verified there.",
    ),
    Reason.SENDER_BLOCKED: Explanation(
        sentence="The provider blocked this sender.",
        cure="Ask the provider why; then activate the sender again.",
    ),
    Reason.QUOTA_EXCEEDED: Explanation(
        sentence="The sender's quota at the provider is used up.",
        cure="Wait until it is renewed or have it raised.",
    ),
    Reason.SENDER_UNUSABLE: Explanation(
        sentence="The sender's settings cannot be used.",
        cure="Open the sender, correct its settings or enter its credentials again, then activate it.",
    ),
    Reason.SENDER_UNLINKED: Explanation(
        sentence="No phone is linked to this sender's session at the gateway.",
        cure="Open the sender, scan its code with the phone, then activate it.",
    ),
    Reason.ADDRESS_UNKNOWN: Explanation(
        sentence="There is no such recipient.", cure="Correct or remove the address; it is suppressed."
    ),
    Reason.ADDRESS_INVALID: Explanation(
        sentence="The address is not a valid one.", cure="Correct the address at its source."
    ),
    Reason.MAILBOX_FULL: Explanation(
        sentence="The recipient's mailbox is full.", cure="Try again on another day."
    ),
    Reason.MAILBOX_UNAVAILABLE: Explanation(
        sentence="The recipient's mailbox is not available.", cure="Try again later."
    ),
    Reason.DOMAIN_UNKNOWN: Explanation(
        sentence="The recipient's domain does not take messages.", cure="Correct or remove the address."
    ),
    Reason.RECIPIENT_REFUSED: Explanation(
        sentence="The provider refused this recipient.", cure="Read the provider's answer beside it."
    ),
    Reason.RECIPIENT_BLOCKED: Explanation(
        sentence="The recipient has blocked the sender.",
        cure="Nothing to do: they are not written to again until they let the sender in.",
    ),
    Reason.ADDRESS_EXPIRED: Explanation(
        sentence="The recipient's subscription is over.",
        cure="Nothing to do: it is dropped. A new subscription is a new address.",
    ),
    Reason.LINE_BUSY: Explanation(
        sentence="The line was busy.",
        cure="Call again later: the campaign's message says how often that happens by itself.",
    ),
    Reason.NO_ANSWER: Explanation(
        sentence="Nobody answered the call.",
        cure="Call again at another hour, or add another channel as a fallback.",
    ),
    Reason.CALL_REJECTED: Explanation(
        sentence="The call was rejected, by the person or by their network.",
        cure="Read the provider's code beside it; add another channel as a fallback.",
    ),
    Reason.MACHINE_ANSWERED: Explanation(
        sentence="An answering machine took the call, so it was ended without a message.",
        cure="Choose “leave the message” in the campaign, or call again at another hour.",
    ),
    Reason.CALL_ABANDONED: Explanation(
        sentence="The call was answered, and was over before the message began.",
        cure="They are not called again by themselves; add another channel as a fallback.",
    ),
    Reason.CALL_CONGESTED: Explanation(
        sentence="The network had no line free for the call.",
        cure="Lower the sender's calls at once if this goes on, or ask the provider of the line.",
    ),
    Reason.CALL_FAILED: Explanation(
        sentence="The call could not be put through.", cure="Read the provider's code beside it."
    ),
    Reason.MESSAGE_REFUSED: Explanation(
        sentence="The provider refused this message.", cure="Read the provider's answer beside it."
    ),
    Reason.MESSAGE_TOO_LARGE: Explanation(
        sentence="The message is larger than the provider takes.",
        cure="Make attachments and pictures smaller.",
    ),
    Reason.CONTENT_REFUSED: Explanation(
        sentence="The provider refused the content, often as spam or against its policy.",
        cure="Read the provider's answer and change the content.",
    ),
    Reason.RENDER_FAILED: Explanation(
        sentence="The message could not be filled in for this recipient.",
        cure="Add the missing value to the contact, or give the field a default in the template.",
    ),
    Reason.FEATURE_UNSUPPORTED: Explanation(
        sentence="The provider lacks something that this message needs.",
        cure="Use another sender, or an address without international characters.",
    ),
    Reason.TEMPLATE_UNUSABLE: Explanation(
        sentence="The provider does not send this template: it is paused, rejected, changed or gone.",
        cure="Look at the template on the sender's page, mend it at the provider or choose another; then continue.",
    ),
    Reason.HANDOVER_INTERRUPTED: Explanation(
        sentence="Sending was interrupted while this message was being handed over.",
        cure="Check with the provider, then mark it as sent or send it again.",
    ),
    Reason.ATTEMPTS_EXHAUSTED: Explanation(
        sentence="Every attempt was put off by the provider.",
        cure="Use “Retry failed” when the provider is well.",
    ),
    Reason.TRANSPORT_FAULT: Explanation(
        sentence="A fault in the program interrupted this message.",
        cure="Report it with the log of that time.",
    ),
    Reason.OUTSIDE_WINDOW: Explanation(
        sentence="It is outside the sending hours where the recipient lives.",
        cure="Nothing to do: the message goes out by itself when the hours begin there.",
    ),
    Reason.REJECTED: Explanation(
        sentence="The provider refused without a known reason.", cure="Read the provider's answer beside it."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider has taken the message and answers for it from now on."""

    #: The provider's own id for it; empty where it gives none.
    provider_id: str = ""
    #: The provider's code, such as "250 2.0.0".
    code: str = ""
    #: How many units the provider bills, where only it knows: started seconds of a call. 0 for what the message has.
    units: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """Certainly not taken; to be tried again."""

    reason: Reason
    #: `PROVIDER` opens the breaker and costs no attempt; `SENDER` waits for the account; else back off.
    scope: Scope = Scope.MESSAGE
    #: Seconds the provider asked for; None leaves it to our back-off.
    after: float | None = None
    #: Whether `after` is the whole wait, and not the least of ours: the content says when to try again.
    exact: bool = False
    code: str = ""
    #: The provider's words, at most 200 characters, without personal data of ours.
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Certainly not taken, and trying the same again would not help. `scope` is never PROVIDER."""

    reason: Reason
    scope: Scope
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Handed over, and nobody can say whether it was taken. Never tried again blindly."""

    reason: Reason = Reason.CONNECTION_LOST
    code: str = ""
    detail: str = ""


Outcome = Accepted | Deferred | Refused | Unknown
