"""Two Asterisks on this machine: ours, and behind its trunk a telephone network that answers by a number's last digit.

They come from a Debian chroot, since the stable release has none: `ASTERISK_ROOT`, or the one in `PEERS_FOLDER`. It is
made, by root, with `mmdebstrap --variant=minbase --include=asterisk,asterisk-core-sounds-en-gsm sid FOLDER`.
"""

import contextlib
import http.client
import os
import secrets
import shutil
import signal
import socket
import subprocess
import textwrap
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.servers.peer import PEERS

ROOT = Path(os.environ.get("ASTERISK_ROOT") or PEERS / "asterisk")
USER, PASSWORD = "clarion", "s3cret-of-ari"  # a test's own
#: Behind the trunk, the last digit of the number that is called says what becomes of the call.
HUMAN, MACHINE, BUSY, NO_ANSWER, REJECTED, UNALLOCATED, CONGESTED, KEYS, HANGS_UP = range(1, 10)

_DIALPLAN_OF_OURS = """
[clarion-amd]
exten => s,1,AMD()
 same => n,Stasis(${CLARION_APP},amd,${AMDSTATUS},${AMDCAUSE})
 same => n,Hangup()
[agents]
exten => sales,1,NoOp(An agent takes the call)
 same => n,Answer()
 same => n,Wait(1)
 same => n,Hangup()
[nobody]
exten => _X.,1,Hangup(21)
"""
_DIALPLAN_OF_THE_NETWORK = """
[callees]
exten => _+XXXXXXXXXX1,1,Ringing()
 same => n,Answer()
 same => n,Wait(0.3)
 same => n,Playback(hello)
 same => n,Wait(30)
 same => n,Hangup()
exten => _+XXXXXXXXXX2,1,Answer()
 same => n,Wait(0.3)
 same => n,Playback(vm-theperson&vm-isunavail)
 same => n,Playback(beep)
 same => n,Wait(30)
 same => n,Hangup()
exten => _+XXXXXXXXXX3,1,Hangup(17)
exten => _+XXXXXXXXXX4,1,Ringing()
 same => n,Wait(60)
exten => _+XXXXXXXXXX5,1,Hangup(21)
exten => _+XXXXXXXXXX6,1,Hangup(1)
exten => _+XXXXXXXXXX7,1,Hangup(34)
exten => _+XXXXXXXXXX8,1,Answer()
 same => n,Wait(1)
 same => n,SendDTMF(5)
 same => n,Wait(30)
exten => _+XXXXXXXXXX9,1,Answer()
 same => n,Hangup()
"""
_MODULES = """
[modules]
autoload = yes
noload = chan_iax2.so
noload = chan_unistim.so
noload = chan_console.so
noload = chan_motif.so
noload = pbx_dundi.so
noload = res_hep.so
noload = res_hep_pjsip.so
noload = res_hep_rtcp.so
"""
_AMD = """
[general]
total_analysis_time = 5000
silence_threshold = 256
initial_silence = 2500
after_greeting_silence = 800
greeting = 1500
min_word_length = 100
maximum_word_length = 5000
between_words_silence = 50
maximum_number_of_words = 3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asterisk:
    """Our exchange, and where both write what happened."""

    url: str
    home: Path
    log: Path
    network_log: Path


@contextlib.contextmanager
def asterisk() -> Iterator[Asterisk]:
    """Run both until the end. Skips the test with the reason where there is no Asterisk."""
    if not (ROOT / "usr/sbin/asterisk").exists():
        pytest.skip(f"there is no Asterisk in {ROOT}: set ASTERISK_ROOT to a chroot with it")
    if os.geteuid() != 0:
        pytest.skip("only root can enter the chroot that Asterisk lives in")
    home = ROOT / "tmp" / f"clarion-{secrets.token_hex(4)}"
    sip_a, sip_b, web = (
        free_port(socket.SOCK_DGRAM),
        free_port(socket.SOCK_DGRAM),
        free_port(socket.SOCK_STREAM),
    )
    _name_resolves()
    ours = _folder(home / "ours", _trunk("trunk", sip_a, sip_b, "nobody"), _DIALPLAN_OF_OURS, web=web)
    network = _folder(home / "network", _trunk("platform", sip_b, sip_a, "callees"), _DIALPLAN_OF_THE_NETWORK)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        for folder in (network, ours):
            stack.enter_context(_running(folder))
        _answers(web)
        yield Asterisk(
            url=f"http://127.0.0.1:{web}",
            home=(home / "ours").relative_to(ROOT),
            log=ours / "log/full.log",
            network_log=network / "log/full.log",
        )


def _folder(folder: Path, sip: str, dialplan: str, *, web: int = 0) -> Path:
    """Write one Asterisk's files; return its folder."""
    inside = Path("/") / folder.relative_to(ROOT)
    for name in ("etc", "var", "spool/recording", "run", "log"):
        (folder / name).mkdir(parents=True)
    first = free_port(socket.SOCK_DGRAM) // 2 * 2
    http = (
        f"[general]\nenabled = yes\nbindaddr = 127.0.0.1\nbindport = {web}\n"
        if web
        else "[general]\nenabled = no\n"
    )
    files = {
        "asterisk.conf": f"""
            [directories]
            astetcdir => {inside}/etc
            astmoddir => /usr/lib/{os.uname().machine}-linux-gnu/asterisk/modules
            astvarlibdir => {inside}/var
            astdbdir => {inside}/var
            astkeydir => {inside}/var
            astdatadir => /usr/share/asterisk
            astagidir => /usr/share/asterisk/agi-bin
            astspooldir => {inside}/spool
            astrundir => {inside}/run
            astlogdir => {inside}/log
            [options]
            verbose = 4
            transmit_silence = yes
            documentation_language = en_US
            """,
        "modules.conf": _MODULES, "amd.conf": _AMD, "pjsip.conf": sip, "extensions.conf": dialplan,
        "http.conf": http,
        "ari.conf": f"[general]\nenabled = yes\n[{USER}]\ntype = user\nread_only = no\npassword = {PASSWORD}\n",
        "rtp.conf": f"[general]\nrtpstart = {first}\nrtpend = {first + 200}\nicesupport = no\n",
        "logger.conf": "[general]\n[logfiles]\nfull.log => notice,warning,error,verbose(4)\n",
        "indications.conf": "[general]\ncountry = us\n[us]\nring = 440+480/2000,0/4000\nbusy = 480+620/500,0/500\n",
    }  # fmt: skip
    for name, text in files.items():
        (folder / "etc" / name).write_text(textwrap.dedent(text))
    return folder


def _trunk(name: str, mine: int, theirs: int, context: str) -> str:
    return textwrap.dedent(f"""
        [udp]
        type = transport
        protocol = udp
        bind = 127.0.0.1:{mine}
        [{name}]
        type = endpoint
        context = {context}
        disallow = all
        allow = ulaw
        aors = {name}
        direct_media = no
        [{name}]
        type = aor
        contact = sip:127.0.0.1:{theirs}
        [{name}]
        type = identify
        endpoint = {name}
        match = 127.0.0.1
        """)


@contextlib.contextmanager
def _running(folder: Path) -> Iterator[None]:
    inside = Path("/") / folder.relative_to(ROOT)
    process = subprocess.Popen(
        ["chroot", str(ROOT), "/usr/sbin/asterisk", "-C", f"{inside}/etc/asterisk.conf", "-f", "-n"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _name_resolves() -> None:
    """Let the machine's name resolve inside: a look-up that nobody answers holds every call up for seconds."""
    (ROOT / "etc/hosts").write_text(f"127.0.0.1 localhost {socket.gethostname()}\n")
    (ROOT / "etc/resolv.conf").write_text("nameserver 127.0.0.1\n")


def _answers(port: int) -> None:
    """Return when ARI answers; it says 404 until everything is loaded."""
    sign_in = {"Authorization": "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
    until = time.monotonic() + 60
    while time.monotonic() < until:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/ari/asterisk/ping", headers=sign_in)
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    raise AssertionError("Asterisk did not answer within a minute")
