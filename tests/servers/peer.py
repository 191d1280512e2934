"""Starts a peer that runs on node on this machine, and stops it again."""

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


@contextlib.contextmanager
def node(script: str, package: str, *arguments: str) -> Iterator[dict[str, Any]]:
    """Run a script of this folder and give the first line of JSON that it prints.

    Skips the test with the reason where node or the package is absent.
    """
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not installed")
    if not (PEERS / "node_modules" / package).is_dir():
        pytest.skip(f"the npm package {package} is not installed: run tests/servers/install-peers.sh")
    process = subprocess.Popen(
        [program, str(Path(__file__).with_name(script)), *arguments],
        env={**os.environ, "NODE_PATH": str(PEERS / "node_modules")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    try:
        line: dict[str, Any] = json.loads(process.stdout.readline())
        yield line
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
