"""Logs: events with fields, to stderr, as text for a person or JSON for a machine; nothing personal or secret."""

import logging.config
import re
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

#: Parts of field names whose values are never written.
SECRET_NAMES = ("password", "passwd", "secret", "token", "authorization", "cookie", "credential", "api_key")
#: Field names whose values are telephone numbers even without a plus sign.
PHONE_NAMES = ("phone", "msisdn", "caller_id")

_CREDENTIALS = re.compile(r"(?<=://)[^/\s@:]*:[^/\s@]*(?=@)")
_EMAIL = re.compile(r"([A-Za-z0-9])[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]*(@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")
_PHONE = re.compile(r"\+\d[\d ()-]{5,18}(\d\d)\b")


def shorten(value: str) -> str:
    """Return the text with addresses and telephone numbers shortened and credentials in URLs hidden."""
    if "://" in value:
        value = _CREDENTIALS.sub("…", value)
    if "@" in value:
        value = _EMAIL.sub(r"\1…\2", value)
    if "+" in value:
        value = _PHONE.sub(r"+…\1", value)
    return value


def _clean(name: str, value: Any) -> Any:
    lowered = name.lower()
    if any(part in lowered for part in SECRET_NAMES) and value:
        return "[hidden]"
    if isinstance(value, str):
        if lowered in PHONE_NAMES and len(value) > 4:
            return f"…{value[-2:]}"
        return shorten(value)
    if isinstance(value, Mapping):
        return {key: _clean(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(name, item) for item in value]
    return value


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Return the event without secrets and with personal data shortened, at any depth."""
    return {key: value if key.startswith("_") else _clean(key, value) for key, value in event.items()}


def dict_config(*, log_format: str, level: str) -> dict[str, Any]:
    """Return Django's `LOGGING`: every logger, ours and others', writes through one formatter to stderr."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"clarion": {"()": _formatter, "log_format": log_format}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "clarion"}},
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": {
            "django": {"level": level.upper(), "propagate": True},
            # A request for a page that is not there is the browser's matter.
            "django.request": {"level": "ERROR"},
            "django.security.DisallowedHost": {"level": "ERROR"},
            "procrastinate": {"level": "INFO" if level == "debug" else "WARNING"},
            "asyncio": {"level": "WARNING"},
        },
    }


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _formatter(log_format: str) -> logging.Formatter:
    if log_format == "json":
        last: list[Processor] = [
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ]
    else:
        last = [
            structlog.processors.format_exc_info,
            redact,
            structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, sort_keys=False),
        ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_shared_processors(), structlog.stdlib.add_logger_name],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )


def configure(config: dict[str, Any]) -> None:
    """Set up the standard library's logging and structlog on top of it. May be called again."""
    logging.config.dictConfig(config)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *_shared_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
