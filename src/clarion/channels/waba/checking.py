"""Trying a number and its access token, for a person to read."""

from clarion.channels.base import CheckResult, SyncFailed
from clarion.channels.waba import syncing
from clarion.channels.waba.config import Config
from clarion.channels.waba.transport import client_of
from clarion.lib.sentences import told


async def check_credentials(config: Config) -> CheckResult:
    """Ask which number this is and what it may send; send nothing."""
    http = client_of(config, connections=1)
    try:
        number = await syncing.number_of(http, config)
    except SyncFailed as failure:
        return CheckResult(ok=False, problem=told(failure))
    finally:
        await http.aclose()
    lines = [
        ("Number", number.shown), ("Name", number.name), ("Quality", number.quality), ("Status", number.status),
        ("Throughput", number.throughput), ("People a day", _limit(number)),
    ]  # fmt: skip
    lines += [
        ("Callbacks", "an app secret is set" if config.app_secret else "no app secret: nobody who calls is believed"),
    ]  # fmt: skip
    return CheckResult(ok=True, lines=[(name, said) for name, said in lines if said])


def _limit(number: syncing.Number) -> str:
    if number.per_day is None:
        return ""
    return "no limit" if number.per_day == 0 else f"{number.per_day:,}"
