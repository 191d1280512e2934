"""`clarion send --channel sms`: a campaign of short messages from a file, in one command, through a real session."""

import json
from collections import Counter

import pytest

from clarion.channels.sms.tests.server import PASSWORD, SYSTEM_ID, UNKNOWN_NUMBER, Server
from tests.acceptance.installation import Installation, prepared_home
from tests.acceptance.smtp import Running

pytestmark = pytest.mark.slow

PEOPLE = 2000
#: Every so many people have a number that does not exist, and every so many a long text.
WRONG, LONG = 100, 10


def test_two_thousand_people_get_their_sms_once_and_the_ledger_knows_of_each() -> None:
    home = prepared_home()
    centre = Server()
    running = Running({"sms": centre})
    installation = Installation(home)
    (home.parent / "sms.txt").write_text("Hello {{ name }}!{{ more }}\n")
    lines = ["Mobile,name,more"]
    for number in range(PEOPLE):
        digit = UNKNOWN_NUMBER if number % WRONG == 1 else "0"
        lines.append(f"+49 151 {number:06}{digit},Person {number},{'x' * 160 if number % LONG == 0 else ''}")
    (home.parent / "people.csv").write_text("\n".join(lines))
    try:
        done = installation.clarion(
            *("send", "--name", "Spring", "--channel", "sms", "--json", "--text", str(home.parent / "sms.txt")),
            *("--csv", str(home.parent / "people.csv"), "--sender-url"),
            f"smpp://{SYSTEM_ID.decode()}:{PASSWORD.decode()}@127.0.0.1:{centre.port}?source=Shop&window=50",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        checked = installation.clarion("check-ledger")
    finally:
        installation.remove()
        running.close()

    wrong = PEOPLE // WRONG
    assert (said["status"], said["total"], said["sent"], said["failed"]) == (
        "completed",
        PEOPLE,
        PEOPLE - wrong,
        wrong,
    )
    assert (said["unknown"], said["pending"], checked.returncode) == (0, 0, 0)
    parts = Counter(one.dest.decode() for one in centre.received)
    long = {f"49151{number:06}0" for number in range(0, PEOPLE, LONG)}
    assert len(parts) == PEOPLE - wrong
    assert {number for number, count in parts.items() if count == 2} == long
    assert max(parts.values()) == 2
    first = next(one for one in centre.received if one.dest == b"491510000020")
    assert (first.source, first.text) == (b"Shop", b"Hello Person 2!")
