"""Starts a peer that runs on node on this machine, and stops it again."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ports import free_port
from tests.waiting import wait_for

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


@contextlib.contextmanager
def prism(specification: str) -> Iterator[str]:
    """Start prism on a provider's published specification and give its address.

    It answers what fits with the specification's examples, and what does not with 422. Skips the test with the reason
    where node, prism or the specification is absent.
    """
    program, spec = shutil.which("node"), PEERS / "specifications" / specification
    entry = PEERS / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
    if program is None:
        pytest.skip("node is not installed")
    if not entry.is_file() or not spec.is_file():
        missing = "prism" if not entry.is_file() else f"the specification {specification}"
        pytest.skip(f"{missing} is not installed: run tests/servers/install-peers.sh")
    port = free_port()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [program, str(entry), "mock", "-h", "127.0.0.1", "-p", str(port), str(spec)],
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for(lambda: _is_said(process, said, "is listening"), "prism to listen", every=0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def _is_said(process: "subprocess.Popen[bytes]", said: Any, words: str) -> bool:
    # Read by its place: the process goes on writing at the end of the same file.
    text = os.pread(said.fileno(), 100_000, 0).decode("utf-8", "replace")
    assert process.poll() is None, text[:500]
    return words in text
