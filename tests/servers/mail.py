"""Starts smtp-sink and a private Postfix on this machine, and stops them again."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ports import free_port

#: Seconds until a server must take connections.
START_SECONDS = 100.0

MASTER = """\
{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


DOVECOT = """\
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_failure_delay = 0
recipient_delimiter = +
default_login_user = dovenull
default_internal_user = dovecot
first_valid_uid = 1
mail_location = maildir:{home}/mail/%n
mail_uid = dovecot
mail_gid = dovecot
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=dovecot gid=dovecot home={home}/mail/%n allow_all_users=yes
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""


def need(program: str, package: str = "postfix") -> str:
    """Return the path of a program, or skip the test with the reason."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/bin")
    if path is None:
        pytest.skip(f"{program} is not installed (Debian package {package})")
    return path


def wait_for(port: int, greeting: bytes = b"220") -> None:
    """Return when something answers on the port."""
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
            if connection.recv(10).startswith(greeting):
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing answers on port {port}")


@contextlib.contextmanager
def smtp_sink(*options: str) -> Iterator[int]:
    """Run smtp-sink with these options; gives its port."""
    program = need("smtp-sink")
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen(
        [program, *user, *options, f"127.0.0.1:{port}", "1000"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        if "-q" not in options:
            wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def postfix(*, settings: Mapping[str, str]) -> Iterator[int]:
    """Run a private Postfix with these settings added; gives its port. Needs root."""
    program = need("postfix")
    if os.geteuid() != 0:
        pytest.skip("a private Postfix needs root")
    try:
        owner = pwd.getpwnam("postfix")
    except KeyError:
        pytest.skip("there is no user “postfix” on this machine")
    home = Path(tempfile.mkdtemp(prefix="clarion-postfix-", dir="/tmp"))
    home.chmod(0o755)
    port = free_port()
    for name in ("etc", "queue", "data"):
        (home / name).mkdir()
    os.chown(home / "data", owner.pw_uid, owner.pw_gid)
    fields = {
        "compatibility_level": "3.6",
        "queue_directory": str(home / "queue"),
        "data_directory": str(home / "data"),
        "maillog_file": str(home / "mail.log"),
        "maillog_file_prefixes": str(home),
        "myhostname": "mx.example.test",
        "mydestination": "",
        "mynetworks": "127.0.0.0/8",
        "inet_interfaces": "127.0.0.1",
        "inet_protocols": "ipv4",
        "smtp_host_lookup": "native",
        "disable_dns_lookups": "yes",
        "alias_maps": "",
        "alias_database": "",
        "relayhost": "[127.0.0.1]:9",
        **settings,
    }
    (home / "etc" / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in fields.items()))
    (home / "etc" / "master.cf").write_text(MASTER.format(port=f"127.0.0.1:{port}"))

    def control(word: str) -> None:
        subprocess.run([program, "-c", str(home / "etc"), word], check=True, capture_output=True, timeout=120)

    try:
        control("start")
        wait_for(port)
        yield port
    finally:
        with contextlib.suppress(subprocess.SubprocessError):
            control("stop")
        shutil.rmtree(home, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Mailboxes:
    """A running Dovecot: everybody has a mailbox there, all with one password."""

    imap: int
    lmtp: int
    password: str


@contextlib.contextmanager
def dovecot() -> Iterator[Mailboxes]:
    """Run a private Dovecot that takes mail by LMTP and shows it by IMAP. Needs root."""
    program = need("dovecot", "dovecot-imapd")
    if not Path("/usr/lib/dovecot/lmtp").exists():
        pytest.skip("Dovecot has no LMTP (Debian package dovecot-lmtpd)")
    if os.geteuid() != 0:
        pytest.skip("a private Dovecot needs root")
    home = Path(tempfile.mkdtemp(prefix="clarion-dovecot-", dir="/tmp"))
    home.chmod(0o755)
    owner = pwd.getpwnam("dovecot")
    (home / "mail").mkdir()
    os.chown(home / "mail", owner.pw_uid, owner.pw_gid)
    made = Mailboxes(imap=free_port(), lmtp=free_port(), password="s3cret-of-the-mailbox")
    (home / "dovecot.conf").write_text(
        DOVECOT.format(home=home, password="s3cret-of-the-mailbox", imap=made.imap, lmtp=made.lmtp)
    )
    process = subprocess.Popen(
        [program, "-F", "-c", str(home / "dovecot.conf")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(made.imap, b"* OK")
        wait_for(made.lmtp)
        yield made
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(home, ignore_errors=True)
