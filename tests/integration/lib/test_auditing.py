"""The audit of dependencies, asked of servers on this machine as the continuous integration asks it."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
FAULT = {
    "id": "TEST-1",
    "affected": [
        {
            "package": {"name": "django", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}],
        }
    ],
}


class Knowing(BaseHTTPRequestHandler):
    """Knows of one vulnerability of Django, or of none."""

    faults: list[Any] = []

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        faults = self.faults if asked["package"]["name"] == "django" else []
        body = json.dumps({"vulns": faults} if faults else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Knowing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    server.server_close()


def audited(url: str, **environment: str) -> tuple[int, str]:
    """Return how the step of the continuous integration ends, and what it says."""
    script = (ROOT / ".ci/run").read_text()
    (step,) = re.findall(r"^audit\(\) \{\n.*?^\}", script, re.S | re.M)
    command = f"set -euo pipefail\n{step.replace('.venv/bin/python', sys.executable)}\naudit"
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | {"AUDIT_OSV_URL": url, "NO_PROXY": "127.0.0.1", **environment},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_a_known_vulnerability_fails_the_build_and_none_does_not(
    server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code, said = audited(server, work=str(tmp_path))
    assert (code, "0 known vulnerabilities" in said) == (0, True), said
    assert list(tmp_path.iterdir()) == []

    monkeypatch.setattr(Knowing, "faults", [FAULT])
    code, said = audited(server, work=str(tmp_path))
    assert code == 1
    assert re.search(r"VULNERABLE: django [\d.]+: TEST-1, mended in 99\.1", said)


def test_where_nobody_answers_the_build_goes_on_and_says_so_at_its_end_unless_an_audit_is_required(
    tmp_path: Path,
) -> None:
    nobody = "http://127.0.0.1:9/v1/query"
    code, said = audited(nobody, work=str(tmp_path))
    assert (code, "NOT AUDITED" in said) == (0, True), said
    (note,) = tmp_path.iterdir()
    assert f'"$work/{note.name}"' in (ROOT / ".ci/run").read_text().rpartition("FAILED: ")[2]

    assert audited(nobody, work=str(tmp_path), AUDIT="required")[0] == 3
