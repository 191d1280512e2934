"""A recording SMTP server and a program beside an installation, for tests of whole campaigns."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from typing import Any

from tests.acceptance.installation import BESIDE, Installation, new_home, wait_for

_BESIDE = """
import sys, json, traceback
from clarion.cli import bootstrap
bootstrap.django()
from django.db import close_old_connections, connection
from tests.acceptance import inside
print("ready", flush=True)
for line in sys.stdin:
    name, facts = json.loads(line)
    close_old_connections()
    try:
        answer = {"is": getattr(inside, name)(**facts)}
    except Exception as problem:
        connection.close()
        answer = {"problem": repr(problem), "trace": traceback.format_exc()}
    print(json.dumps(answer), flush=True)
"""


class Beside:
    """A process with the installation's settings that does what `inside` offers, without starting anew each time."""

    def __init__(self, installation: Installation) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _BESIDE], env=installation.environment | {BESIDE: "1"}, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout
        assert self._process.stdout.readline() == "ready\n"

    def try_to(self, name: str, /, **facts: Any) -> Any:
        """Return what the function returns; None when the database was down."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([name, facts]) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "problem" in answer:
            assert "OperationalError" in answer["problem"], answer["trace"]
        return answer.get("is")

    def do(self, name: str, /, **facts: Any) -> Any:
        """Return what the function returns, as soon as the database is there."""
        return wait_for(30, lambda: self.try_to(name, **facts), name)

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


class Mailbox:
    """The recording SMTP server."""

    def __init__(self) -> None:
        self._folder = folder = new_home()
        folder.mkdir(parents=True)
        port_file, self._mails = folder / "port", folder / "mails"
        self._mails.touch()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.acceptance.mailbox", str(port_file), str(self._mails), "0.002"]
        )
        self.port = int(wait_for(20, lambda: port_file.exists() and port_file.read_text(), "the mailbox"))
        self._read = 0

    def received(self) -> Counter[str]:
        """Return how many mails each recipient got since the last call."""
        with self._mails.open() as lines:
            lines.seek(self._read)
            found = Counter(line.split()[0] for line in lines.readlines())
            self._read = lines.tell()
        return found

    def count(self) -> int:
        """Return how many mails came since `received` was last called."""
        with self._mails.open("rb") as lines:
            lines.seek(self._read)
            return lines.read().count(b"\n")

    def times(self) -> list[float]:
        """Return when each mail came since `received` was last called, in order."""
        with self._mails.open() as lines:
            lines.seek(self._read)
            return [float(line.split()[2]) for line in lines.readlines()]

    @property
    def config(self) -> dict[str, Any]:
        """A sender's settings for it."""
        return {
            "host": "127.0.0.1", "port": self.port, "security": "none", "from_address": "shop@example.test",
            "connections": 10,
        }  # fmt: skip

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder.parent)
