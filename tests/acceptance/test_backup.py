"""Backed up as docs/howto/back-up-and-restore.md says, and restored elsewhere: the same installation, which waits."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.installation import Installation, new_home, prepared_home

pytestmark = pytest.mark.slow

PASSWORD = "Sealed-Secret-7"
CONFIG = {
    "host": "127.0.0.1", "port": 2525, "security": "starttls", "username": "shop", "password": PASSWORD,
    "from_address": "shop@example.test",
}  # fmt: skip
#: Does one thing that `inside` offers, with the database for as long as that takes.
INSIDE = """
import json, sys
from clarion.cli import bootstrap
with bootstrap.database():
    from tests.acceptance import inside
    name, facts = json.loads(sys.argv[1])
    print(json.dumps(getattr(inside, name)(**facts)))
"""


@pytest.fixture
def there() -> Iterator[Installation]:
    made = Installation(prepared_home(), CLARION_LOG_LEVEL="error")
    yield made
    made.remove()


@pytest.fixture
def elsewhere() -> Iterator[Installation]:
    home = new_home()
    home.parent.chmod(0o711)
    home.mkdir()
    made = Installation(home, CLARION_LOG_LEVEL="error")
    yield made
    made.remove()


def do(installation: Installation, name: str, **facts: Any) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", INSIDE, json.dumps([name, facts])],
        env=installation.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_was_backed_up_is_there_again_elsewhere_and_waits(
    there: Installation, elsewhere: Installation
) -> None:
    do(there, "found_shop", config=CONFIG)
    before = do(there, "shop")
    file = there.home.parent / "clarion.backup"

    backup = there.clarion("backup", str(file))
    assert backup.returncode == 0, backup.stderr
    assert "MB, the database and 1 uploaded files" in backup.stdout
    kept = file.read_bytes()
    key = (there.home / "secret_key").read_text().strip()
    assert file.stat().st_mode & 0o077 == 0
    assert key.encode() not in kept

    shutil.copy(there.home / "secret_key", elsewhere.home)
    restored = elsewhere.clarion("restore", str(file))
    assert restored.returncode == 0, restored.stderr
    after = do(elsewhere, "shop")

    assert before["halt"] == ""
    assert "What was sent since then is not in it" in after["halt"]
    assert after | {"halt": ""} == before
    assert (before["password"], len(before["contacts"]), len(before["people"])) == (PASSWORD, 3, 3)
    ledger = elsewhere.clarion("check-ledger")
    trail = elsewhere.clarion("audit", "verify")
    assert (ledger.returncode, trail.returncode) == (0, 0), ledger.stdout + trail.stdout
    assert elsewhere.processes() == []
