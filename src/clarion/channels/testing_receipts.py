"""The receipt half of the contract kit: what every channel's parser of callbacks must do, as a class to inherit.

A channel's test module subclasses `ReceiptContract`, gives captured payloads with what they tell, and calls that
are not the provider's; `ParserContract` for what comes by mail or on a session. It needs pytest;
nothing in the program imports it.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest

from clarion.channels.base import (
    MAX_HOOK_OCTETS,
    Channel,
    HookAnswer,
    HookItem,
    HookRefused,
    HookRequest,
    HookUnreadable,
)
from clarion.channels.events import MAX_REPLY, ReceiptEvent, ReceiptKind, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """A call as it was captured, and what each event in it says: attributes with their values."""

    request: HookRequest
    events: list[dict[str, Any]]


class ParserContract(ABC):
    """For parsers of what comes by other ways than calls: inherit, implement the abstract methods, name it `Test…`."""

    #: Octets that no parser may break at.
    garbage: ClassVar[tuple[bytes, ...]] = (
        b"", b"\xff\x00", b"[" * 5000, b"{}", b"null", b"a=" + b"b" * MAX_HOOK_OCTETS,
    )  # fmt: skip

    @abstractmethod
    def payloads(self) -> list[Payload]:
        """Return a call of each kind that the provider makes, one that it may make in the future among them."""

    @abstractmethod
    def read(self, request: HookRequest) -> list[HookItem]:
        """Return what the parser makes of it; the octets are the request's body."""

    def _events(self, request: HookRequest) -> list[HookItem]:
        return [item for item in self.read(request) if not isinstance(item, HookAnswer)]

    def test_each_captured_payload_tells_what_is_expected(self) -> None:
        for payload in self.payloads():
            found = self._events(payload.request)

            told = [
                {name: getattr(event, name) for name in wanted}
                for event, wanted in zip(found, payload.events, strict=True)
            ]
            assert told == payload.events

    def test_every_event_names_what_it_is_about_and_keeps_its_limits(self) -> None:
        for payload in self.payloads():
            for event in self._events(payload.request):
                if isinstance(event, Reply):
                    assert event.address
                    assert len(event.text) <= MAX_REPLY
                elif isinstance(event, ReceiptEvent):
                    assert event.delivery_id or event.provider_id
                    assert len(event.code) <= 20
                    assert len(event.detail) <= 200

    def test_a_replay_tells_the_same_again(self) -> None:
        for payload in self.payloads():
            assert self._events(payload.request) == self._events(payload.request)

    def test_an_unknown_kind_is_kept_raw(self) -> None:
        unknown = [
            event
            for payload in self.payloads()
            for event in self._events(payload.request)
            if isinstance(event, ReceiptEvent) and event.kind is ReceiptKind.UNKNOWN
        ]

        assert unknown
        assert all(event.raw for event in unknown)

    def test_no_octets_break_it(self) -> None:
        for payload in self.payloads():
            for octets in self.garbage:
                with suppress(HookRefused, HookUnreadable):
                    self.read(replace(payload.request, body=octets))


class ReceiptContract(ParserContract):
    """For parsers of callbacks: inherit, set `channel` and `config`, implement `payloads` and `forged`."""

    channel: ClassVar[Channel]
    #: Checked settings with their secrets.
    config: ClassVar[Mapping[str, Any]]

    @abstractmethod
    def forged(self) -> list[HookRequest]:
        """Return calls that are not the provider's: no signature, a wrong one, one for something else."""

    def read(self, request: HookRequest) -> list[HookItem]:
        return self.channel.receipts(request, self.config)

    def test_what_is_not_signed_by_the_provider_is_refused(self) -> None:
        assert self.forged()
        for request in self.forged():
            with pytest.raises(HookRefused):
                self.channel.receipts(request, self.config)

    def test_without_a_secret_nobody_is_believed(self) -> None:
        bare = {name: "" if name in self.channel.secrets else value for name, value in self.config.items()}
        for payload in self.payloads():
            with pytest.raises(HookRefused):
                self.channel.receipts(payload.request, bare)

    def test_no_secret_is_kept_or_logged(self, caplog: Any) -> None:
        caplog.set_level(logging.DEBUG)
        secrets = [str(self.config[name]) for name in self.channel.secrets if self.config.get(name)]

        told = repr([self.channel.receipts(payload.request, self.config) for payload in self.payloads()])

        assert secrets
        assert not [secret for secret in secrets if secret in told or secret in caplog.text]
