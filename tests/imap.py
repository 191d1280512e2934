"""A mailbox of the tests' own, as IMAP shows it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from clarion.lib.mailbox import Mailbox


@dataclass
class Server:
    """Speaks as much of IMAP as is asked of it, to one connection after another."""

    mails: list[bytes]
    #: Words of the client after which the connection breaks.
    breaks_at: str = ""
    refuses: str = ""
    seen: set[int] = field(default_factory=set)
    deleted: set[int] = field(default_factory=set)
    port: int = 0

    @contextmanager
    def running(self) -> Iterator["Server"]:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port = listening.getsockname()[1]
            thread = threading.Thread(target=self._serve, args=[listening], daemon=True)
            thread.start()
            yield self
            listening.shutdown(socket.SHUT_RDWR)
        thread.join()

    def _serve(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                connection.sendall(b"* OK ready\r\n")
                for line in lines:
                    tag, _, words = line.decode().strip().partition(" ")
                    if self.breaks_at and self.breaks_at in words:
                        break
                    answer = b"NO no" if self.refuses and self.refuses in words else b"OK done"
                    connection.sendall(self._told(words) + tag.encode() + b" " + answer + b"\r\n")

    def _told(self, words: str) -> bytes:
        if words == "CAPABILITY":
            return b"* CAPABILITY IMAP4rev1\r\n"
        if words.startswith("UID SEARCH"):
            there = set(range(1, len(self.mails) + 1)) - self.seen
            return b"* SEARCH " + " ".join(map(str, sorted(there))).encode() + b"\r\n"
        if words.startswith("UID FETCH"):
            uid = int(words.split()[2])
            octets = self.mails[uid - 1]
            return b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n%s)\r\n" % (uid, uid, len(octets), octets)
        if words.startswith("UID STORE"):
            uid = int(words.split()[2])
            self.seen.add(uid)
            if "Deleted" in words:
                self.deleted.add(uid)
        return b""

    def place(self) -> Mailbox:
        return Mailbox.of(f"imap://bounce@127.0.0.1:{self.port}/Returned")
