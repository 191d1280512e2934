"""Looking whether Viber is there, for a person to read."""

from clarion.channels.base import CheckResult
from clarion.channels.http import HttpReply
from clarion.channels.viber.config import Config
from clarion.channels.viber.replies import outcome_of
from clarion.channels.viber.transport import client_of
from clarion.engine.outcomes import REASONS, Accepted, Reason, Refused

#: What Viber says to a request without a message when the service and our address are known to it.
_HARMLESS = frozenset({Reason.MESSAGE_REFUSED, Reason.ADDRESS_INVALID, Reason.REJECTED})


async def check_credentials(config: Config) -> CheckResult:
    """Ask with a request that names the service and no recipient: it is refused, and the refusal tells why."""
    http = client_of(config)
    try:
        reply = await http.request("POST", "/send_message", json={"service_id": config.service_id, "seq": 0})
    finally:
        await http.aclose()
    outcome = outcome_of(reply) if isinstance(reply, HttpReply) else reply
    lines = [("API", config.base_url), ("Service", str(config.service_id))]
    if isinstance(outcome, Accepted):
        # Nothing was sent: there was nobody to send it to.
        return CheckResult(ok=True, lines=[*lines, ("Answer", "0")])
    said = " ".join(part for part in (outcome.code, outcome.detail) if part)
    if isinstance(outcome, Refused) and outcome.reason in _HARMLESS:
        known = ("Answer", f"{said}: the service and this server's address are known")
        return CheckResult(ok=True, lines=[*lines, known])
    sentence = REASONS[outcome.reason].sentence
    return CheckResult(ok=False, lines=lines, problem=f"{sentence} ({said})" if said else sentence)
