"""What the settings of every voice sender have in common, whoever makes the calls."""

import re

from clarion.channels.base import ConfigInvalid
from clarion.lib.sentences import said
from clarion.lib.settings_reader import SettingsReader

_URL = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?", re.ASCII)
_LOOPBACK = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])([:/].*)?", re.ASCII)
NUMBER = re.compile(r"\+?[0-9]{2,15}", re.ASCII)


class Reader(SettingsReader):
    """Reads them."""

    def url(self, name: str, default: str = "") -> str:
        """Read an address that is signed in at; unencrypted only on this machine, or where that is allowed."""
        url = (self.text(name, limit=2000) or default).rstrip("/")
        if not _URL.fullmatch(url):
            self.problems.setdefault(name, said("Write the whole address, beginning with https://."))
            return ""
        allowed = self.flag("allow_cleartext_login")
        if url.startswith("http:") and not _LOOPBACK.fullmatch(url) and not allowed:
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

    def matching(self, name: str, pattern: re.Pattern[str], sentence: str, default: str = "") -> str:
        value = self.visible(name) or default
        if value and not pattern.fullmatch(value):
            self.problems.setdefault(name, sentence)
        return value

    def common(self) -> dict[str, object]:
        """Read how much at once, how long, and who calls."""
        return {
            "caller_id": self.matching(
                "caller_id", NUMBER, said("Write a number with + and the country code.")
            ),
            "voice": self.visible("voice", 60),
            "connections": self.whole("connections", 1, 1, 500),
            "ring_seconds": self.whole("ring_seconds", 30, 5, 120),
            "max_seconds": self.whole("max_seconds", 300, 10, 3600),
            "record": self.flag("record"),
            "allow_cleartext_login": self.flag("allow_cleartext_login"),
            "verify_certificate": self.flag("verify_certificate", default=True),
            "connect_timeout": self.number("connect_timeout", 10, 0.1, 300),
            "response_timeout": self.number("response_timeout", 30, 0.1, 600),
        }

    def finish(self) -> None:
        """Raise ConfigInvalid if anything is wrong."""
        if self.problems:
            raise ConfigInvalid(self.problems)
