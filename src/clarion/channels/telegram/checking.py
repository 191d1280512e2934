"""Trying a bot's token, for a person to read."""

from clarion.channels.base import CheckResult
from clarion.channels.posting import Answer, Poster
from clarion.channels.telegram import replies
from clarion.channels.telegram.config import Config
from clarion.engine.outcomes import REASONS, Accepted


async def check_credentials(config: Config) -> CheckResult:
    """Ask which bot this is; send nothing."""
    poster = Poster(
        connections=1, connect_timeout=config.connect_timeout, response_timeout=config.response_timeout
    )
    try:
        answer = await poster.post(
            config.method_url("getMe"), b"{}", {"Content-Type": "application/json"}, lambda: None
        )
    finally:
        await poster.aclose()
    if not isinstance(answer, Answer):
        return CheckResult(ok=False, problem=_sentence(answer))
    said = replies.read(answer.body)
    bot = said.get("result")
    if said.get("ok") is not True or not isinstance(bot, dict):
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
        problem = f"The token belongs to @{username}, not to @{config.username}."
        return CheckResult(ok=False, lines=lines, problem=problem)
    return CheckResult(ok=True, lines=lines)


def _sentence(outcome: object) -> str:
    if isinstance(outcome, Accepted):
        return "The answer is not that of a Bot API."
    reason, code, detail = (getattr(outcome, name) for name in ("reason", "code", "detail"))
    said = " ".join(part for part in (code, detail) if part)
    sentence = REASONS[reason].sentence
    return f"{sentence} ({said})" if said else sentence
