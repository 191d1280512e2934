"""Reading a sender's settings, as they come from forms, addresses and files: typed, with all problems at once."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Self

from clarion.lib.sentences import said


class Settings:
    """What settings after their check have in common: inherited by a frozen dataclass of them."""

    __slots__ = ()

    @classmethod
    def names(cls) -> frozenset[str]:
        """Return the names of all settings."""
        return frozenset(field.name for field in fields(cls))  # type: ignore[arg-type]  # its heirs are dataclasses

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self:
        """Build from a dict that was checked, its secrets included. What is no setting is left out."""
        known = cls.names()
        return cls(**{name: value for name, value in config.items() if name in known})


class SettingsReader:
    """Reads typed fields out of a mapping and gathers what is wrong, by field, in `problems`."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self.problems: dict[str, str] = {}

    def text(self, name: str, *, limit: int = 500, strip: bool = True) -> str:
        value = self._config.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.problems[name] = said("This must be text.")
            return ""
        value = value.strip() if strip else value
        if len(value) > limit or "\0" in value:
            self.problems[name] = said("This must be at most %(limit)s characters.", limit=limit)
            return ""
        return value

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self.text(name).lower() or default
        if value not in choices:
            self.problems[name] = said("Choose one of: %(choices)s.", choices=", ".join(choices))
            return default
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self._config.get(name, default)
        if isinstance(value, bool):
            return value
        text = str(value).strip().lower()
        if text in ("1", "true", "yes", "on"):
            return True
        if text in ("0", "false", "no", "off", "none", ""):
            return False
        self.problems[name] = said("Say yes or no.")
        return default

    def number(self, name: str, default: float, low: float, high: float) -> float:
        value = self._config.get(name)
        if value is None or value == "":
            return default
        try:
            number = float(value)
        except (TypeError, ValueError):
            self.problems[name] = said("This must be a number.")
            return default
        if not low <= number <= high:
            self.problems[name] = said("This must be between %(low)s and %(high)s.", low=low, high=high)
            return default
        return number
