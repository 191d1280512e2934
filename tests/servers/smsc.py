"""Starts an SMS centre on node-smpp on this machine, and stops it again."""

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

#: Where `install-peers.sh` puts what comes by npm.
PEERS = Path(os.environ.get("PEERS_FOLDER") or Path.home() / ".cache" / "clarion-peers")


class Centre:
    """A running SMS centre."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.port: int = self._line()["port"]

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout
        line: dict[str, Any] = json.loads(self._process.stdout.readline())
        return line

    def taken(self, count: int) -> list[dict[str, Any]]:
        """Return the next messages it has taken, as it understood them."""
        return [self._line() for _ in range(count)]


@contextlib.contextmanager
def node_smpp() -> Iterator[Centre]:
    """Run the centre; skips the test with the reason where node or its library is absent."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    if not (PEERS / "node_modules" / "smpp").is_dir():
        pytest.skip("the npm package smpp is not installed: run tests/servers/install-peers.sh")
    process = subprocess.Popen(
        [node, str(Path(__file__).with_name("smsc.cjs"))],
        env={**os.environ, "NODE_PATH": str(PEERS / "node_modules")},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Centre(process)
    finally:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()
