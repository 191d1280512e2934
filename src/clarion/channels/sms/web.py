"""What SMS over HTTP has in common, whoever the provider is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clarion.channels.base import ConfigInvalid
from clarion.channels.http import HttpLimits
from clarion.channels.sms.encoding import split
from clarion.channels.sms.payload import TooLong
from clarion.lib.sentences import said
from clarion.lib.settings_reader import SettingsReader

_NUMBER = re.compile(r"\+[1-9]\d{4,17}", re.ASCII)
_URL = re.compile(r"https?://[^\s/?#@]+(/[^\s]*)?", re.ASCII)
_LOOPBACK = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])([:/].*)?", re.ASCII)

#: Which receipts the provider is asked for.
RECEIPTS = ("all", "none")


@dataclass(frozen=True, slots=True)
class WebSms:
    """One SMS for a provider that cuts it into parts itself. `parts` is what it will count."""

    to: str
    text: str
    parts: int


class Hidden(dict[str, Any]):
    """Settings with secrets, which show nothing of themselves."""

    def __repr__(self) -> str:
        return "Hidden()"


class Builder:
    """Builds messages for providers on the web; see `clarion.channels.sms.payload.Builder`."""

    def __init__(self, max_parts: int) -> None:
        self._most = max_parts

    def build(self, *, address: str, text: str, reference: int) -> WebSms:
        """Return the message to a number in E.164 with its plus. Raises TooLong, and ValueError for a bad text."""
        if not _NUMBER.fullmatch(address):
            raise ValueError("The address is not a phone number.")
        _, parts = split(text)
        if len(parts) > self._most:
            raise TooLong(f"The text takes {len(parts)} messages; at most {self._most} are allowed.")
        return WebSms(address, text, len(parts))


class Reader(SettingsReader):
    """Reads what all of them have."""

    def url(self, name: str, default: str = "", *, has_secret: bool = True) -> str:
        """Read an address; unencrypted ones only on this machine, or where that is allowed expressly."""
        url = self.text(name, limit=2000) or default
        if not _URL.fullmatch(url):
            self.problems.setdefault(name, said("Write the whole address, beginning with https://."))
            return ""
        allowed = self.flag("allow_cleartext_login")
        if has_secret and url.startswith("http:") and not _LOOPBACK.fullmatch(url) and not allowed:
            self.problems[name] = said(
                "The password would go unencrypted: write https://, or allow it expressly."
            )
        return url

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        number = self.number(name, default, low, high)
        if number != int(number):
            self.problems[name] = said("This must be a whole number.")
            return default
        return int(number)

    def visible(self, name: str, limit: int = 500) -> str:
        """Read text of one line without control characters: it goes into headers and addresses."""
        value = self.text(name, limit=limit)
        if value and not value.isprintable():
            self.problems[name] = said("This must be one line of visible characters.")
            return ""
        return value

    def common(self) -> dict[str, object]:
        """Read how much at once and how long."""
        return {
            "max_parts": self.whole("max_parts", 6, 1, 255),
            "receipts": self.choice("receipts", RECEIPTS, "all"),
            "allow_cleartext_login": self.flag("allow_cleartext_login"),
            "verify_certificate": self.flag("verify_certificate", default=True),
            "connections": self.whole("connections", 20, 1, 500),
            "connect_timeout": self.number("connect_timeout", 10, 0.1, 300),
            "response_timeout": self.number("response_timeout", 30, 0.1, 600),
        }

    def finish(self) -> None:
        """Raise ConfigInvalid if anything is wrong."""
        if self.problems:
            raise ConfigInvalid(self.problems)


def limits_of(config: Mapping[str, Any]) -> HttpLimits:
    """Return the limits of the HTTP client from checked settings."""
    return HttpLimits(
        connections=config["connections"],
        connect_seconds=config["connect_timeout"],
        answer_seconds=config["response_timeout"],
    )
