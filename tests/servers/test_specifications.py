"""Our requests against what providers publish of their APIs: prism, which others wrote, refuses what does not fit.

It answers with the specification's own examples, whatever was asked before, so that this proves the form of requests
and how answers are read, and no behaviour.
"""

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from clarion.channels.http import HttpClient, HttpReply
from clarion.channels.sms import CHANNEL as SMS
from clarion.channels.sms.tests.test_twilio import make_config as twilio
from clarion.channels.sms.tests.test_twilio import make_message as text
from clarion.channels.testing import HandOvers
from clarion.channels.voice.tests import telephony
from clarion.channels.voice.tests.making import make_message as spoken
from clarion.channels.waba.tests.making import make_content, make_shape
from clarion.channels.waba.tests.making import make_message as template
from clarion.channels.whatsapp import CHANNEL as WHATSAPP
from clarion.channels.whatsapp.config import Config
from clarion.channels.whatsapp.gateways import Ask
from clarion.channels.whatsapp.tests.making import given
from clarion.channels.whatsapp.tests.making import make_message as chat
from clarion.channels.whatsapp.waha import Waha
from clarion.engine.messages import Message
from clarion.engine.outcomes import Accepted, Outcome
from clarion.engine.ports import Transport
from tests.servers.peer import prism

pytestmark = [pytest.mark.server, pytest.mark.anyio]

#: As the specification has account ids; the tests' own are shorter.
ACCOUNT = "AC" + "0123456789abcdef" * 2


async def handed_over(transport: Transport, message: Message) -> Outcome:
    try:
        return await transport.send(message, HandOvers())
    finally:
        await transport.aclose()


@asynccontextmanager
async def asking(
    url: str, headers: Mapping[str, str]
) -> AsyncIterator[Callable[[Ask], Awaitable[HttpReply]]]:
    """Give what asks as the transport does."""
    http = HttpClient(url, headers=headers)

    async def asked(ask: Ask) -> HttpReply:
        reply = await http.request(ask.method, ask.path, query=ask.query, json=ask.json, headers=ask.headers)
        assert isinstance(reply, HttpReply), reply
        return reply

    try:
        yield asked
    finally:
        await http.aclose()


async def status_of(url: str, **said: Any) -> int:
    async with aiohttp.ClientSession() as session, session.post(url, **said) as answer:
        return answer.status


@pytest.fixture(scope="module")
def twilio_url() -> Iterator[str]:
    with prism("twilio.json") as address:
        yield f"{address}/2010-04-01"


@pytest.fixture(scope="module")
def waha_url() -> Iterator[str]:
    with prism("waha.json") as address:
        yield address


@pytest.fixture(scope="module")
def meta_url() -> Iterator[str]:
    with prism("meta.json") as address:
        yield address


class TestTwilio:
    async def test_a_call_that_does_not_fit_is_refused(self, twilio_url: str) -> None:
        login = {"Authorization": f"Basic {b64encode(b'a:b').decode()}"}
        path = f"{twilio_url}/Accounts/{ACCOUNT}/Messages.json"

        assert await status_of(path, data={"Body": "x"}, headers=login) == 422

    @pytest.mark.parametrize("changes", [{"validity_minutes": 60}, {"source": "MG" + "0" * 32}])
    async def test_a_message_is_taken_and_its_id_kept(self, twilio_url: str, changes: dict[str, Any]) -> None:
        config = twilio(twilio_url, account_sid=ACCOUNT, **changes)

        outcome = await handed_over(SMS.transport(config), text())

        assert isinstance(outcome, Accepted), outcome
        assert outcome.provider_id.startswith("SM")

    async def test_a_check_reads_the_account(self, twilio_url: str) -> None:
        found = await SMS.check_credentials(twilio(twilio_url, account_sid=ACCOUNT))

        assert found.ok, found.problem
        assert ("account", "active") in found.lines

    async def test_a_call_is_made_and_followed(self, twilio_url: str) -> None:
        transport = telephony.make_transport(twilio_url, account_sid=ACCOUNT)

        outcome = await handed_over(transport, spoken("+4930000000", media_url="", text="Hello"))

        assert isinstance(outcome, Accepted), outcome
        assert outcome.provider_id.startswith("CA")


class TestWaha:
    async def test_a_call_that_does_not_fit_is_refused(self, waha_url: str) -> None:
        key = {"X-Api-Key": "k"}

        assert await status_of(f"{waha_url}/api/sendText", json={"chatId": 7}, headers=key) == 422

    @pytest.mark.parametrize(
        "fields",
        [
            {"preview": True},
            {"attachment": "image", "media_url": "https://shop.example/a.png"},
            {"attachment": "video", "media_url": "https://shop.example/a.mp4"},
            {"attachment": "document", "media_url": "https://shop.example/a.pdf", "file_name": "a.pdf"},
        ],
        ids=lambda fields: str(fields.get("attachment", "text")),
    )
    async def test_each_kind_of_message_fits_and_its_id_is_read(
        self, waha_url: str, fields: dict[str, Any]
    ) -> None:
        # The example of a session is one that has stopped, so that the transport itself would not send.
        gateway = Waha(Config.of(given(base_url=waha_url)))
        post = chat(**fields).payload
        asked = gateway.send(post, typing=0.0)
        if post.attachment == "video":
            # The specification takes these two for objects here, and for words everywhere else.
            file: dict[str, Any] = {**asked.json["file"], "mimetype": {}, "filename": {}}
            asked = replace(asked, json={**asked.json, "file": file})
        async with asking(waha_url, gateway.headers()) as ask:
            sent = await ask(asked)

            assert sent.status == 201, sent.text()
            # Of files the specification has no example of an answer.
            assert post.attachment or gateway.sent_id(sent.json())
            for is_on in (True, False):
                typing = gateway.typing(post, is_on=is_on)
                assert typing is not None
                assert (await ask(typing)).is_success
            assert gateway.has_whatsapp((await ask(gateway.check(post.digits))).json()) is True

    async def test_the_session_the_groups_and_who_is_in_one_are_read(self, waha_url: str) -> None:
        config = given(base_url=waha_url)

        assert (await WHATSAPP.link_state(config)).word
        assert isinstance(await WHATSAPP.groups(config), list)
        assert await WHATSAPP.members(config, "120363000000000000@g.us") is not None


class TestMeta:
    async def test_a_call_that_does_not_fit_is_refused(self, meta_url: str) -> None:
        path, key = f"{meta_url}/v23.0/1234567890/messages", {"Authorization": "Bearer t"}

        assert await status_of(path, json={"messaging_product": "whatsapp"}, headers=key) == 422

    @pytest.mark.parametrize("form", ["TEXT", "IMAGE", "DOCUMENT"])
    async def test_a_template_message_fits(self, meta_url: str, form: str) -> None:
        # The specification knows no button at the first place, against its own example, and not the words that are
        # brought back with each status, against Meta's documentation: both are left out here.
        shape = {**make_shape(), "buttons": []}
        changes = {**make_content(), "provider_template": shape, "buttons": ""}
        if form != "TEXT":
            shape["header"] = {"format": form, "text": ""}
            changes |= {"subject": "", "media_url": "https://shop.example/a.bin"}
        body = json.loads(template(**changes).payload.body)
        body.pop("biz_opaque_callback_data")

        # It wants a version in the client's name.
        path = f"{meta_url}/v23.0/1234567890/messages"
        key = {"Authorization": "Bearer t", "User-Agent": "Clarion/1.0.0"}
        assert await status_of(path, json=body, headers=key) == 200
        body["template"]["language"].pop("policy")
        assert await status_of(path, json=body, headers=key) == 422
