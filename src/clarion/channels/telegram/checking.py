"""Trying a bot's token, for a person to read."""

from clarion.channels.base import CheckResult
from clarion.channels.http import HttpReply
from clarion.channels.telegram import replies, webhook
from clarion.channels.telegram.config import Config
from clarion.channels.telegram.transport import client_of
from clarion.channels.telegram.updates import NotRead
from clarion.engine.outcomes import REASONS, Accepted
from clarion.lib.sentences import said


async def check_credentials(config: Config, hook_url: str = "") -> CheckResult:
    """Ask which bot this is, and where what happens to it is told if Telegram calls `hook_url`; send nothing."""
    http = client_of(config, connections=1)
    try:
        answer = await http.request(
            "POST", "/getMe", body=b"{}", headers={"Content-Type": "application/json"}
        )
    finally:
        await http.aclose()
    if not isinstance(answer, HttpReply):
        return CheckResult(ok=False, problem=_sentence(answer))
    read = replies.read(answer.body)
    bot = read.get("result")
    if read.get("ok") is not True or not isinstance(bot, dict):
        return CheckResult(ok=False, problem=_sentence(replies.outcome_of(answer.status, answer.body)))
    username = str(bot.get("username") or "")
    lines = [
        ("Bot", str(bot.get("first_name") or "")),
        ("Name", f"@{username}"),
        ("Link", f"https://t.me/{username}"),
    ]
    if bot.get("can_join_groups") is not None:
        lines.append(("Groups", "may join groups" if bot["can_join_groups"] else "may not join groups"))
    if config.username and config.username.lower() != username.lower():
        problem = said(
            "The token belongs to @%(theirs)s, not to @%(ours)s.", theirs=username, ours=config.username
        )
        return CheckResult(ok=False, lines=lines, problem=problem)
    if hook_url and config.reads_updates and config.updates == "call":
        return await _with_calls(config, hook_url, lines)
    return CheckResult(ok=True, lines=lines)


async def _with_calls(config: Config, hook_url: str, lines: list[tuple[str, str]]) -> CheckResult:
    if not hook_url.startswith("https://"):
        problem = said(
            "Telegram calls only addresses that begin with https://. Set CLARION_PUBLIC_URL, or let the bot be "
            "asked."
        )
        return CheckResult(ok=False, lines=lines, problem=problem)
    try:
        told = await webhook.standing(config)
    except NotRead as refusal:
        return CheckResult(
            ok=False,
            lines=lines,
            problem=said("Telegram does not say whom it calls (%(why)s).", why=str(refusal)),
        )
    is_ours = told.url == hook_url
    lines.append(("Calls", "come here" if is_ours else "are asked for within a minute of saving"))
    if is_ours and told.waiting:
        lines.append(("Waiting", str(told.waiting)))
    if is_ours and told.failure:
        lines.append(("Latest failure", told.failure))
    return CheckResult(ok=True, lines=lines)


def _sentence(outcome: object) -> str:
    if isinstance(outcome, Accepted):
        return said("The answer is not that of a Bot API.")
    reason, code, detail = (getattr(outcome, name) for name in ("reason", "code", "detail"))
    words = " ".join(part for part in (code, detail) if part)
    sentence = REASONS[reason].sentence
    return f"{sentence} ({words})" if words else sentence
