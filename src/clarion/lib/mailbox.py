"""Reading a mailbox by IMAP4rev1 (RFC 3501): each mail is taken once, and marked only after it was."""

import imaplib
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

#: Octets of a mail that are fetched, and mails taken at one go.
MOST_OCTETS = 1_000_000
MOST_MAILS = 10_000
#: Seconds for each answer of the server.
PATIENCE_SECONDS = 60.0

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
#: Quotes and backslashes would need to be escaped, and line ends would end the command.
_FOLDER = re.compile(r'[^\x00-\x1f\x7f"\\]{1,200}')


class MailboxUnreadable(Exception):
    """The mailbox cannot be read: a sentence without the password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Where mails are read. Its repr holds no password."""

    host: str
    port: int
    user: str
    #: Encrypted from the first octet; else only on this machine's own loopback.
    is_encrypted: bool = True
    folder: str = "INBOX"

    @classmethod
    def of(cls, url: str) -> "Mailbox":
        """Return what `imaps://user@host:port/folder` names. Raises MailboxUnreadable.

        `imap://` is not encrypted, so it is for this machine alone. A password in the address is refused: it would
        stand in the list of processes.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise MailboxUnreadable("The address of the mailbox is not a valid URL.") from None
        folder = unquote(parts.path.strip("/")) or "INBOX"
        if parts.scheme not in ("imap", "imaps") or not parts.hostname or not parts.username:
            raise MailboxUnreadable("Write imaps://user@mail.example.com/INBOX.")
        if parts.password is not None:
            raise MailboxUnreadable("The password does not belong into the address: name a file with it.")
        if not _FOLDER.fullmatch(folder) or not folder.isascii():
            raise MailboxUnreadable("This is not the name of a folder, in ASCII as IMAP writes it.")
        is_encrypted = parts.scheme == "imaps"
        if not is_encrypted and parts.hostname not in _LOOPBACK:
            raise MailboxUnreadable("The password would go unencrypted: use imaps://.")
        return cls(
            host=parts.hostname, port=port or (993 if is_encrypted else 143), user=unquote(parts.username),
            is_encrypted=is_encrypted, folder=folder,
        )  # fmt: skip

    def read(self, password: str, take: Callable[[bytes], int], *, delete: bool = False) -> tuple[int, int]:
        """Give each mail that is not marked as seen to `take`; return (mails, what `take` returned in all).

        A mail is marked as seen after it was taken, or deleted. Whoever is interrupted takes the last one again.
        Raises MailboxUnreadable.
        """
        try:
            connection = self._connect(password)
        except imaplib.IMAP4.error as error:
            raise MailboxUnreadable(f"The server refused to let us in: {_words(error)}") from None
        except (OSError, ssl.SSLError) as error:
            raise MailboxUnreadable(
                f"There is no connection: {error.strerror or type(error).__name__}"
            ) from None
        try:
            return self._read(connection, take, delete=delete)
        except (imaplib.IMAP4.error, OSError) as error:
            raise MailboxUnreadable(f"The folder cannot be read: {_words(error)}") from None
        finally:
            with suppress(OSError):
                connection.shutdown()

    def _connect(self, password: str) -> imaplib.IMAP4:
        connection: imaplib.IMAP4
        if self.is_encrypted:
            connection = imaplib.IMAP4_SSL(
                self.host, self.port, ssl_context=ssl.create_default_context(), timeout=PATIENCE_SECONDS
            )
        else:
            connection = imaplib.IMAP4(self.host, self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.login(self.user, password)
        except BaseException:
            with suppress(OSError):
                connection.shutdown()
            raise
        return connection

    def _read(
        self, connection: imaplib.IMAP4, take: Callable[[bytes], int], *, delete: bool
    ) -> tuple[int, int]:
        _good(connection.select(f'"{self.folder}"'))
        (found,) = _good(connection.uid("SEARCH", "UNSEEN", "UNDELETED"))[:1]
        mails = total = 0
        for uid in (found or b"").split()[:MOST_MAILS]:
            answer = _good(connection.uid("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{MOST_OCTETS}>)"))
            octets = next((part[1] for part in answer if isinstance(part, tuple)), None)
            if octets is None:
                continue  # somebody else has taken it away meanwhile
            total += take(octets)
            mails += 1
            _good(
                connection.uid(
                    "STORE", uid.decode(), "+FLAGS.SILENT", r"(\Seen \Deleted)" if delete else r"(\Seen)"
                )
            )
        if delete and mails:
            _good(connection.expunge())
        return mails, total


def _good(answer: tuple[str, list]) -> list:  # type: ignore[type-arg]  # imaplib's own
    status, parts = answer
    if status != "OK":
        raise imaplib.IMAP4.error(parts[0] if parts else status)
    return parts


def _words(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(error)
    return " ".join(text.split())[:200] or type(error).__name__
