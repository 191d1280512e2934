"""What a provider's command_status means for the message and for the sender (SMPP 3.4, 5.1.3; SMPP 5.0, 4.7.6)."""

from clarion.engine.outcomes import Accepted, Deferred, Outcome, Reason, Refused, Scope

#: command_status → its name in the standard, without "ESME_".
NAMES = {
    0x00: "ROK", 0x01: "RINVMSGLEN", 0x02: "RINVCMDLEN", 0x03: "RINVCMDID", 0x04: "RINVBNDSTS", 0x05: "RALYBND",
    0x06: "RINVPRTFLG", 0x07: "RINVREGDLVFLG", 0x08: "RSYSERR", 0x0A: "RINVSRCADR", 0x0B: "RINVDSTADR",
    0x0C: "RINVMSGID", 0x0D: "RBINDFAIL", 0x0E: "RINVPASWD", 0x0F: "RINVSYSID", 0x11: "RCANCELFAIL",
    0x13: "RREPLACEFAIL", 0x14: "RMSGQFUL", 0x15: "RINVSERTYP", 0x33: "RINVNUMDESTS", 0x34: "RINVDLNAME",
    0x40: "RINVDESTFLAG", 0x42: "RINVSUBREP", 0x43: "RINVESMCLASS", 0x44: "RCNTSUBDL", 0x45: "RSUBMITFAIL",
    0x48: "RINVSRCTON", 0x49: "RINVSRCNPI", 0x50: "RINVDSTTON", 0x51: "RINVDSTNPI", 0x53: "RINVSYSTYP",
    0x54: "RINVREPFLAG", 0x55: "RINVNUMMSGS", 0x58: "RTHROTTLED", 0x61: "RINVSCHED", 0x62: "RINVEXPIRY",
    0x63: "RINVDFTMSGID", 0x64: "RX_T_APPN", 0x65: "RX_P_APPN", 0x66: "RX_R_APPN", 0x67: "RQUERYFAIL",
    0xC0: "RINVOPTPARSTREAM", 0xC1: "ROPTPARNOTALLWD", 0xC2: "RINVPARLEN", 0xC3: "RMISSINGOPTPARAM",
    0xC4: "RINVOPTPARAMVAL", 0xFE: "RDELIVERYFAILURE", 0xFF: "RUNKNOWNERR",
    # What 5.0 added. Those about broadcasts answer no request of ours, but a code is never shown without its name.
    0x100: "RSERTYPUNAUTH", 0x101: "RPROHIBITED", 0x102: "RSERTYPUNAVAIL", 0x103: "RSERTYPDENIED",
    0x104: "RINVDCS", 0x105: "RINVSRCADDRSUBUNIT", 0x106: "RINVDSTADDRSUBUNIT", 0x107: "RINVBCASTFREQINT",
    0x108: "RINVBCASTALIAS_NAME", 0x109: "RINVBCASTAREAFMT", 0x10A: "RINVNUMBCAST_AREAS",
    0x10B: "RINVBCASTCNTTYPE", 0x10C: "RINVBCASTMSGCLASS", 0x10D: "RBCASTFAIL", 0x10E: "RBCASTQUERYFAIL",
    0x10F: "RBCASTCANCELFAIL", 0x110: "RINVBCAST_REP", 0x111: "RINVBCASTSRVGRP", 0x112: "RINVBCASTCHANIND",
}  # fmt: skip

OK = 0x00
ALREADY_BOUND = 0x05
NOT_BOUND = 0x04
THROTTLED = 0x58
QUEUE_FULL = 0x14
#: What we answer to a command that we do not know, and to a message that nobody here takes now.
INVALID_COMMAND = 0x03
INVALID_LENGTH = 0x02
TRY_LATER = 0x64

#: Seconds to hold back after the provider said that it is too fast, and that its queue is full.
THROTTLED_SECONDS = 1.0
QUEUE_SECONDS = 5.0
#: From which congestion_state on how many seconds are held back: near the provider's limit, and beyond it.
CONGESTED_SECONDS = ((100, QUEUE_SECONDS), (90, THROTTLED_SECONDS))

_DEFERRED = {
    THROTTLED: (Reason.THROTTLED, Scope.PROVIDER, THROTTLED_SECONDS),
    # Of the provider's queue or of this recipient's alone: nobody can tell, so it must not stop all others.
    QUEUE_FULL: (Reason.PROVIDER_BUSY, Scope.MESSAGE, QUEUE_SECONDS),
    NOT_BOUND: (Reason.PROVIDER_DOWN, Scope.PROVIDER, None),
    0x08: (Reason.PROVIDER_DOWN, Scope.MESSAGE, None),
    TRY_LATER: (Reason.PROVIDER_BUSY, Scope.MESSAGE, None),
    0x45: (Reason.PROVIDER_BUSY, Scope.MESSAGE, None),
    0xFF: (Reason.PROVIDER_BUSY, Scope.MESSAGE, None),
    0x102: (Reason.PROVIDER_DOWN, Scope.MESSAGE, None),
}
_REFUSED = {
    0x01: (Reason.MESSAGE_TOO_LARGE, Scope.MESSAGE),
    0x0A: (Reason.SENDER_REFUSED, Scope.SENDER),
    0x0B: (Reason.ADDRESS_INVALID, Scope.RECIPIENT),
    0x15: (Reason.SENDER_UNUSABLE, Scope.SENDER),
    0x33: (Reason.ADDRESS_INVALID, Scope.RECIPIENT),
    0x43: (Reason.FEATURE_UNSUPPORTED, Scope.MESSAGE),
    0x48: (Reason.SENDER_REFUSED, Scope.SENDER),
    0x49: (Reason.SENDER_REFUSED, Scope.SENDER),
    0x50: (Reason.ADDRESS_INVALID, Scope.RECIPIENT),
    0x51: (Reason.ADDRESS_INVALID, Scope.RECIPIENT),
    0x53: (Reason.SENDER_UNUSABLE, Scope.SENDER),
    0x65: (Reason.MESSAGE_REFUSED, Scope.MESSAGE),
    0x66: (Reason.MESSAGE_REFUSED, Scope.MESSAGE),
    0xC0: (Reason.FEATURE_UNSUPPORTED, Scope.MESSAGE),
    0xC1: (Reason.FEATURE_UNSUPPORTED, Scope.MESSAGE),
    0xC4: (Reason.FEATURE_UNSUPPORTED, Scope.MESSAGE),
    0xFE: (Reason.RECIPIENT_REFUSED, Scope.RECIPIENT),
    0x100: (Reason.SENDER_UNUSABLE, Scope.SENDER),
    0x101: (Reason.SENDER_UNUSABLE, Scope.SENDER),
    0x103: (Reason.SENDER_UNUSABLE, Scope.SENDER),
    0x104: (Reason.FEATURE_UNSUPPORTED, Scope.MESSAGE),
}
#: Refusals of a bind after which trying the same again would not help.
_BIND_REFUSED = {
    0x0D: Reason.CREDENTIALS_REFUSED,
    0x0E: Reason.CREDENTIALS_REFUSED,
    0x0F: Reason.CREDENTIALS_REFUSED,
    0x53: Reason.SENDER_UNUSABLE,
    0x101: Reason.SENDER_UNUSABLE,
}
_BIND_DEFERRED = {
    ALREADY_BOUND: Reason.PROVIDER_BUSY,
    THROTTLED: Reason.THROTTLED,
    QUEUE_FULL: Reason.PROVIDER_BUSY,
}


def code_of(status: int) -> str:
    """Return how a command_status is shown: "0x0000000B RINVDSTADR", at most 20 characters."""
    name = NAMES.get(status, "")
    return f"0x{status:08X} {name}".strip()[:20] if status > 0xFFFF else f"0x{status:02X} {name}".strip()[:20]


def of_submit(status: int, provider_id: str, detail: str = "") -> Outcome:
    """Return what the answer to a submit_sm says; `detail` is in the provider's own words."""
    code = code_of(status)
    if status == OK:
        return Accepted(provider_id=provider_id, code=code)
    if status in _DEFERRED:
        reason, scope, after = _DEFERRED[status]
        return Deferred(reason=reason, scope=scope, after=after, code=code, detail=detail)
    refused, whose = _REFUSED.get(status, (Reason.REJECTED, Scope.MESSAGE))
    return Refused(reason=refused, scope=whose, code=code, detail=detail)


def of_bind(status: int) -> Deferred | Refused:
    """Return what the refusal of a bind means for a message that was not begun."""
    code = code_of(status)
    if status in _BIND_REFUSED:
        return Refused(reason=_BIND_REFUSED[status], scope=Scope.SENDER, code=code)
    reason = _BIND_DEFERRED.get(status, Reason.PROVIDER_DOWN)
    return Deferred(reason=reason, scope=Scope.PROVIDER, code=code)
