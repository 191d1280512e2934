"""Clarion on somebody else's PostgreSQL: the oldest that the distribution has on this machine."""

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from clarion.channels.email.tests.server import Server
from clarion.runtime import backup
from tests.acceptance import inside
from tests.acceptance.installation import UP, Installation, new_home, wait_for
from tests.acceptance.smtp import Running
from tests.acceptance.test_backup import do
from tests.ports import free_port

pytestmark = [pytest.mark.server, pytest.mark.slow]

PASSWORD = "n0t-a-secret"
KEY = "s" * 50
PEOPLE = 300


def _programs() -> Path:
    """Return where the oldest server on this machine has its programs; skip the test where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not found:
        pytest.skip("no PostgreSQL of the distribution: run tests/servers/install-peers.sh")
    return found[0].parent


@pytest.fixture
def address() -> Iterator[str]:
    """The URL of an empty database, made as the how-to says, on a server that asks for a password."""
    programs, folder = _programs(), Path(tempfile.mkdtemp(prefix="clarion-postgresql-"))
    # The server does not run as root.
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    shutil.chown(folder, user)
    secret, data, port = folder / "password", folder / "data", free_port()
    secret.write_text(PASSWORD)
    shutil.chown(secret, user)
    as_user = {"user": user} if os.geteuid() == 0 else {}
    subprocess.run(
        [programs / "initdb", "--auth=scram-sha-256", f"--pwfile={secret}", "--username=admin", "--no-sync", data],
        check=True, capture_output=True, cwd=folder, **as_user,
    )  # fmt: skip
    options = [
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        f"port={port}",
        "-c",
        f"unix_socket_directories={folder}",
    ]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, *options], stdout=log, stderr=log, cwd=folder, **as_user
        )
    environment = {
        **os.environ,
        "PGHOST": "127.0.0.1",
        "PGPORT": str(port),
        "PGPASSWORD": PASSWORD,
        "PGUSER": "admin",
    }

    def said(*command: str) -> bool:
        return (
            subprocess.run([programs / command[0], *command[1:]], env=environment, check=False).returncode
            == 0
        )

    try:
        wait_for(30, lambda: said("pg_isready", "--quiet"), "the server answers")
        assert said("psql", "-qc", f"create role clarion login password '{PASSWORD}'", "postgres")
        assert said(
            "createdb", "--owner", "clarion", "--encoding", "UTF8", "--template", "template0", "clarion"
        )
        yield f"postgresql://clarion:{PASSWORD}@127.0.0.1:{port}/clarion"
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


@pytest.fixture
def there(address: str) -> Iterator[Installation]:
    """An installation on that server that was never started."""
    made = Installation(new_home(), CLARION_DATABASE_URL=address, CLARION_SECRET_KEY=KEY)
    made.home.mkdir()
    yield made
    made.remove()


@contextmanager
def table(facts: str) -> Iterator[None]:
    """Have a table beside ours."""
    with connection.cursor() as cursor:
        cursor.execute(f"create table {facts}")
        yield
        cursor.execute(f"drop table {facts.partition(' ')[0]}")


@pytest.mark.django_db(transaction=True)
def test_a_backup_of_the_newest_server_is_restored_into_the_oldest_or_refused_in_words(
    tmp_path: Path, settings: Any, there: Installation
) -> None:
    settings.CLARION_HOME, settings.SECRET_KEY = tmp_path / "home", KEY
    inside.found_shop({"from_address": "shop@example.test", "host": "127.0.0.1", "password": PASSWORD})
    before = inside.shop()
    with table("of_tomorrow (a int, b int generated always as (a) virtual)"):
        strange = backup.write(tmp_path / "strange").path
    file = backup.write(tmp_path / "backup").path

    refused = there.clarion("restore", str(strange))
    restored = there.clarion("restore", str(file))

    assert refused.returncode != 0
    assert "This server did not take what a newer one had written" in refused.stderr
    assert "syntax error" in refused.stderr
    # Nothing of the first try stayed: the database was empty.
    assert restored.returncode == 0, restored.stderr
    after = do(there, "shop")
    assert "What was sent since then is not in it" in after["halt"]
    assert after | {"halt": ""} == before
    assert there.clarion("check-ledger").returncode == 0


def test_starts_migrates_and_sends_with_an_ordinary_role(address: str) -> None:
    mail = Server()
    installation = Installation(new_home(), CLARION_DATABASE_URL=address, CLARION_SECRET_KEY=KEY)
    people = installation.home.parent / "people.csv"
    people.write_text("\n".join(["email", *(f"person{number}@example.test" for number in range(PEOPLE))]))
    with closing(Running({"mail": mail})):
        try:
            installation.start(*UP)
            sent = installation.clarion(
                "send", "--name", "Spring", "--sender-url", f"smtp://127.0.0.1:{mail.port}", "--from",
                "shop@example.test", "--subject", "Hi", "--text", str(people), "--csv", str(people), "--wait", "--json",
            )  # fmt: skip
            ledger = installation.clarion("check-ledger")

            assert (sent.returncode, json.loads(sent.stdout)["sent"]) == (0, PEOPLE), sent.stderr
            assert len(mail.received) == PEOPLE
            assert ledger.returncode == 0, ledger.stdout
            assert not (installation.home / "postgres").exists(), "no server of its own was started"
        finally:
            installation.remove()
