"""Telling people from programs that open messages and follow links by themselves.

What is known of a request is put into marks when it comes; what only time tells is judged later. Nothing here
looks at where a request comes from: lists of addresses grow old, and people use data centres too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntFlag

#: Whatever happens within so many seconds after the provider took the message is a program's doing.
QUICK_SECONDS = 5
#: So many different links of one message within so many seconds are followed by no person.
BURST_LINKS = 3
BURST_SECONDS = 5


class Mark(IntFlag):
    """What speaks against a person, stored with the hit."""

    #: Only the header was asked for.
    HEAD = 1
    #: The program says that it is none for people, or says nothing.
    PROGRAM = 2
    #: The browser says that it fetches ahead.
    AHEAD = 4
    #: Apple Mail's privacy protection, which fetches every image whether the message is opened or not.
    PRIVACY = 8


#: Fetch an image when a person opens the message: what they do counts.
_FOR_PEOPLE = ("googleimageproxy", "yahoomailproxy")
#: Words in the names of programs, lower case.
_PROGRAMS = (
    "bot", "crawl", "spider", "scan", "preview", "barracuda", "mimecast", "proofpoint", "urldefense", "safelinks",
    "symantec", "trendmicro", "trend micro", "sophos", "fireeye", "trellix", "ironport", "cisco", "forcepoint",
    "zscaler", "checkpoint", "check point", "virustotal", "google-safety", "netcraft", "phishtank", "curl/", "wget",
    "python", "go-http-client", "java/", "libwww", "httpclient", "axios", "node-fetch", "undici", "okhttp", "ruby",
    "php/", "perl", "powershell", "headless", "phantomjs", "puppeteer", "playwright", "facebookexternalhit",
    "whatsapp/", "embedly", "validator", "monitor", "uptime", "archiver",
)  # fmt: skip
#: All that Apple's proxies say of themselves.
_APPLE = "mozilla/5.0"
_AHEAD = frozenset({"prefetch", "preview", "prerender"})


def marks(method: str, headers: Mapping[str, str]) -> Mark:
    """Return what the request itself tells; `headers` by their usual names."""
    found = Mark(0)
    if method == "HEAD":
        found |= Mark.HEAD
    agent = headers.get("User-Agent", "").strip().lower()[:500]
    if agent == _APPLE:
        found |= Mark.PRIVACY
    elif not any(word in agent for word in _FOR_PEOPLE) and (
        not agent or any(word in agent for word in _PROGRAMS)
    ):
        found |= Mark.PROGRAM
    purposes = (headers.get(name, "").partition(";")[0].strip().lower() for name in _PURPOSES)
    if not _AHEAD.isdisjoint(purposes):
        found |= Mark.AHEAD
    return found


_PURPOSES = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")


@dataclass(frozen=True, slots=True)
class Seen:
    """A hit on one delivery. `link` is 0 for the image."""

    link: int
    at: datetime
    marks: int = 0


def by_people(hits: Sequence[Seen], *, sent_at: datetime | None) -> list[bool]:
    """Return for each hit of one delivery whether a person is behind it; `sent_at` is when the provider took it.

    Of hits in quick succession the first of a burst is judged with the last, so all that are known belong here.
    """
    quick = sent_at + timedelta(seconds=QUICK_SECONDS) if sent_at is not None else None
    burst = _bursts(hits)
    return [
        not hit.marks and (quick is None or hit.at >= quick) and number not in burst
        for number, hit in enumerate(hits)
    ]


def _bursts(hits: Sequence[Seen]) -> set[int]:
    """Return the places of hits that belong to a burst of different links."""
    clicks = sorted((hit.at, number) for number, hit in enumerate(hits) if hit.link)
    found: set[int] = set()
    window = timedelta(seconds=BURST_SECONDS)
    first = 0
    for last, (at, _number) in enumerate(clicks):
        while at - clicks[first][0] > window:
            first += 1
        inside = [number for _at, number in clicks[first : last + 1]]
        if len({hits[number].link for number in inside}) >= BURST_LINKS:
            found.update(inside)
    return found
