"""`clarion send` over HTTP channels: a bot's messages, browsers' notifications and calls, from files, each once."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clarion.channels.telegram.tests import server as telegram
from clarion.channels.voice.tests import exchange
from clarion.channels.webpush import vapid
from clarion.channels.webpush.tests import server as webpush
from tests.acceptance.installation import Installation, prepared_home
from tests.acceptance.smtp import Running

pytestmark = pytest.mark.slow

PEOPLE = 100


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    made = Installation(prepared_home())
    yield made
    made.remove()


def sent(
    installation: Installation, folder: Path, channel: str, url: str, lines: list[str], *more: str
) -> Any:
    (folder / f"{channel}.txt").write_text("Hello {{ name }}\n")
    (folder / f"{channel}.csv").write_text("\n".join(lines))
    done = installation.clarion(
        *("send", "--name", channel, "--channel", channel, "--json", "--text", str(folder / f"{channel}.txt")),
        *("--csv", str(folder / f"{channel}.csv"), "--sender-url", url, *more),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_each_is_called_as_often_as_said_and_the_ledger_knows_how_each_call_ended(
    installation: Installation, tmp_path: Path
) -> None:
    far = exchange.Exchange()
    running = Running({"far": far})
    ends = [exchange.HUMAN] * 8 + [exchange.BUSY, exchange.NO_ANSWER, exchange.UNALLOCATED, exchange.PRESSES]
    numbers = [f"+4930000{n:03d}{end}" for n, end in enumerate(ends)]
    url = f"ari://clarion:{exchange.PASSWORD}@127.0.0.1:{far.port}?endpoint=PJSIP/{{number}}@trunk&connections=4"
    try:
        done = sent(
            installation, tmp_path, "voice", url, ["phone,name", *(f"{number},Ada" for number in numbers)],
            *("--from", "+493012345", "--field", "media_url=sound:hello-world", "--field", "retries=1"),
            *("--field", "retry_busy=1", "--field", "retry_no_answer=1", "--field", "keys=5 | Yes"),
        )  # fmt: skip
        checked = installation.clarion("check-ledger")
    finally:
        running.close()

    calls = Counter(call.number for call in far.calls)
    assert (done["sent"], done["failed"], done["unknown"]) == (9, 3, 0)
    assert calls == {
        number: 2 if number[-1] in (exchange.BUSY, exchange.NO_ANSWER) else 1 for number in numbers
    }
    assert not far.living
    assert checked.returncode == 0


def test_everybody_gets_it_once_and_the_ledger_knows_of_each(
    installation: Installation, tmp_path: Path
) -> None:
    key = vapid.new_key()
    bots, pushes = telegram.Server(), webpush.Server(vapid.public_of(key))
    running = Running({"bots": bots, "pushes": pushes})
    chats = ["chat_id,name", *(f"{n},Person {n}" for n in range(1, PEOPLE + 1))]
    chats += [f"{telegram.BLOCKED},Nobody"]
    browsers = ["browser,name", *(f"{pushes.address(f'b{n}')},Person {n}" for n in range(1, PEOPLE + 1))]
    browsers += [f"{pushes.address('410')},Gone"]
    try:
        by_bot = sent(
            installation,
            tmp_path,
            "telegram",
            f"telegram+http://{telegram.TOKEN}@127.0.0.1:{bots.port}",
            chats,
        )
        by_push = sent(
            installation, tmp_path, "webpush", f"webpush:?private_key={key}&services=127.0.0.1", browsers,
            "--from", "ops@shop.example", "--subject", "News for {{ name }}",
        )  # fmt: skip
        checked = installation.clarion("check-ledger")
    finally:
        running.close()

    assert (by_bot["sent"], by_bot["failed"], by_bot["unknown"]) == (PEOPLE, 1, 0)
    assert (by_push["sent"], by_push["failed"], by_push["unknown"]) == (PEOPLE, 1, 0)
    assert checked.returncode == 0
    assert sorted(body["chat_id"] for _method, body in bots.taken) == list(range(1, PEOPLE + 1))
    assert {note["title"] for _headers, note in pushes.taken} == {
        f"News for Person {n}" for n in range(1, PEOPLE + 1)
    }
    assert len(pushes.taken) == PEOPLE
