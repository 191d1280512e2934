"""What compiling may take at most, whatever an author sends: tried in a process that is given no more."""

import json
import subprocess
import sys

import pytest

#: Octets of address space, seconds of processor time. A process with everything imported has some 300 MB of the former.
MEMORY = 900 * 1024 * 1024
SECONDS = 20

CHILD = """
import json, os, resource, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "clarion.settings"
resource.setrlimit(resource.RLIMIT_AS, ({memory}, {memory}))
resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
import django
django.setup()
from clarion.content.compiling import compile_source
from clarion.content.errors import ContentInvalid
for mode, piece, length in json.load(sys.stdin):
    source = (piece * length)[:length]
    if mode == "mjml":
        source = "<mjml><mj-body>" + piece * (length // len(piece)) + "</mj-body></mjml>"
    try:
        compile_source("email", {{"mode": mode, "subject": "S", "source": source, "language": "ar"}}, with_trial=False)
    except ContentInvalid:
        pass
print("all")
"""
SECTION = "<mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section>"


@pytest.mark.slow
def test_whatever_is_sent_is_compiled_or_refused_within_bounds() -> None:
    sources = [
        ("html", "<style>@media x{", 300_000), ("html", "<title>", 300_000), ("html", "<div><span>", 100_000),
        ("mjml", SECTION, 100_000), ("markdown", "![", 30_000), ("text", "{{ a }}{# b #}", 100_000),
    ]  # fmt: skip

    done = subprocess.run(
        [sys.executable, "-c", CHILD.format(memory=MEMORY, seconds=SECONDS)],
        input=json.dumps(sources), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stdout, done.stderr[-500:]) == (0, "all\n", "")
