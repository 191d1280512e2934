"""Trying a web push sender's settings, for a person to read."""

from clarion.channels.base import CheckResult
from clarion.channels.webpush import vapid
from clarion.channels.webpush.config import Config
from clarion.lib.sentences import said


async def check_credentials(config: Config) -> CheckResult:
    """Make a token with the key pair and say what pages need. There is no account anywhere that could be asked."""
    signer = vapid.Signer(config.private_key, config.subject)
    signer.header("https://push.example")
    lines = [
        ("Public key", config.public_key),
        ("Contact", config.subject),
        ("Pages", ", ".join(config.origins) or "none may subscribe yet: name an origin"),
        (
            "Push services",
            "those of Chrome, Edge, Firefox and Safari" + "".join(f", {one}" for one in config.services),
        ),
    ]
    if vapid.public_of(config.private_key) != config.public_key:
        return CheckResult(
            ok=False, lines=lines, problem=said("The public key does not belong to the private one.")
        )
    return CheckResult(ok=True, lines=lines)
