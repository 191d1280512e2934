"""Reads SMTP replies out of a stream of octets, and refuses what is none (RFC 5321 4.2.1)."""

import re

from clarion.channels.email.errors import NotAReply
from clarion.channels.email.replies import Reply

#: Octets. RFC 5321 4.5.3.1.5 has 512; some servers write more.
MAX_LINE = 4096
#: Octets of one reply with all its lines.
MAX_REPLY = 65536

_CODE = re.compile(rb"[2-5][0-9][0-9](?:[ -]|$)")


class ReplyReader:
    """Takes chunks as they arrive and gives the replies that are complete."""

    __slots__ = ("_lines", "_octets", "_partial")

    def __init__(self) -> None:
        self._partial = b""
        self._lines: list[bytes] = []
        self._octets = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing of a further reply has come in."""
        return not self._partial and not self._lines

    def feed(self, data: bytes) -> list[Reply]:
        """Return the replies that `data` completes. Raises NotAReply."""
        if self._partial:
            data = self._partial + data
        replies: list[Reply] = []
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            line = data[start : end - 1] if data[end - 1 : end] == b"\r" and end > start else data[start:end]
            start = end + 1
            if len(line) > MAX_LINE or not _CODE.match(line):
                raise NotAReply
            if line[3:4] == b"-" or self._lines:
                self._more(line, replies)
            else:
                replies.append(Reply(int(line[:3]), (line[4:].decode("utf-8", "replace"),)))
        self._partial = data[start:]
        if len(self._partial) > MAX_LINE:
            raise NotAReply
        return replies

    def _more(self, line: bytes, replies: list[Reply]) -> None:
        """Take a line of a reply that has several."""
        self._lines.append(line)
        self._octets += len(line)
        if self._octets > MAX_REPLY or line[:3] != self._lines[0][:3]:
            raise NotAReply
        if line[3:4] != b"-":
            texts = tuple(one[4:].decode("utf-8", "replace") for one in self._lines)
            replies.append(Reply(int(line[:3]), texts))
            self._lines, self._octets = [], 0
