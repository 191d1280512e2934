"""Where a live spreadsheet is, and taking a copy: a URL, a file in a folder that is allowed, or a group."""

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.utils.translation import gettext as _

from clarion.audience import uploads
from clarion.audience.livesheets import groups
from clarion.lib import fetch_rules
from clarion.lib.fetch_rules import FetchFailed, FetchLimits
from clarion.workspaces.models import Workspace

#: Octets and seconds that one reading may take.
LIMITS = FetchLimits(octets=256 * 1024**2, seconds=120.0, silence=30.0)
_GOOGLE = "docs.google.com"
#: A document by its id, opened by whoever has the link, or published (`/d/e/2PACX-…`).
_SHARED = re.compile(
    r"/spreadsheets(?:/u/\d+)?/d/([A-Za-z0-9_-]{20,100})(?:/(?:edit|view|preview|export|htmlview))?/?"
)
_PUBLISHED = re.compile(r"/spreadsheets(?:/u/\d+)?/d/e/([A-Za-z0-9_-]{20,200})/(?:pub|pubhtml)/?")
_SHEET_NUMBER = re.compile(r"gid=(\d{1,20})")
_CHUNK = 1024 * 1024
#: What comes in a spreadsheet's place when nobody is signed in, or the address is that of a page.
_PAGE_STARTS = (
    b"<!doctype html",
    b"<html",
    b"<head",
    b'<?xml version="1.0" encoding="utf-8"?><!doctype html',
)


class PlaceInvalid(ValueError):
    """There is no spreadsheet to be had from there. The message is a sentence for the person who named it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """By what a server or a folder tells whether there is something new."""

    etag: str = ""
    last_modified: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A copy below the uploads folder; None when there is nothing new. `known` is for the next time."""

    stored: uploads.Stored | None
    known: Known


def export_url(url: str) -> str:
    """Return the address at which the rows are to be had: that of the CSV for a Google spreadsheet's page.

    Only forms that people copy from the browser or the "publish" dialogue are changed; a chosen sheet stays chosen.
    """
    parts = urlsplit(url.strip())
    if parts.hostname != _GOOGLE:
        return url.strip()
    chosen = _SHEET_NUMBER.search(f"{parts.query}#{parts.fragment}")
    sheet = {"gid": chosen[1]} if chosen else {}
    if found := _PUBLISHED.fullmatch(parts.path):
        wanted = {"output": "csv"} | ({"single": "true"} if sheet else {}) | sheet
        path = f"/spreadsheets/d/e/{found[1]}/pub"
    elif found := _SHARED.fullmatch(parts.path):
        if "format" in parse_qs(parts.query):
            return url.strip()  # an export of somebody's choice
        wanted, path = {"format": "csv"} | sheet, f"/spreadsheets/d/{found[1]}/export"
    else:
        return url.strip()
    return urlunsplit(("https", _GOOGLE, path, urlencode(wanted), ""))


def checked_url(url: str) -> str:
    """Return the URL as it is kept. Raises PlaceInvalid; whether it leads somewhere is seen when it is read."""
    text = url.strip()
    if groups.is_group(text):
        try:
            return groups.place_of(text).url
        except ValueError as problem:
            raise PlaceInvalid(str(problem)) from None
    try:
        fetch_rules.checked_url(export_url(text), settings.CLARION_FETCH_ALLOW)
    except FetchFailed as problem:
        raise PlaceInvalid(sentence(problem)) from None
    except ValueError:
        raise PlaceInvalid(sentence(FetchFailed("url", "form"))) from None
    return text


def checked_path(path: str, slug: str) -> str:
    """Return the file's path, without detours, for a workspace of that slug. Raises PlaceInvalid."""
    if not settings.CLARION_WATCH_FOLDERS:
        raise PlaceInvalid(
            _("No folder of the server is watched. An administrator allows some with CLARION_WATCH_FOLDERS.")
        )
    if "\0" in path or not path.strip().startswith("/"):
        raise PlaceInvalid(_("Write the whole path of the file, such as /srv/sheets/people.csv."))
    found = Path(path.strip())
    real = Path(os.path.realpath(found))
    if not any(real.is_relative_to(folder) and real != folder for folder in watched_folders(slug)):
        # The same for what is not there, and for what is and may not be seen.
        raise PlaceInvalid(_("The file is in none of the folders that may be watched."))
    return str(found)


def watched_folders(slug: str) -> list[Path]:
    """Return the folders whose files a workspace may name; `{workspace}` in a setting stands for its slug."""
    return [
        Path(os.path.realpath(str(folder).replace("{workspace}", slug)))
        for folder in settings.CLARION_WATCH_FOLDERS
    ]


def take_url(url: str, known: Known) -> Taken:
    """Fetch what the URL names unless it is what is known. Raises PlaceInvalid."""
    from clarion.lib import fetching  # loads the HTTP client, which few processes need

    try:
        with uploads.receiving() as (file, name):
            fetched = fetching.fetch_now(
                export_url(url), into=file, reach=settings.CLARION_FETCH_ALLOW, limits=LIMITS,
                etag=known.etag, last_modified=known.last_modified,
            )  # fmt: skip
            version = {"etag": fetched.etag, "last_modified": fetched.last_modified}
            if fetched.is_unchanged:
                uploads.remove(name)
                return Taken(stored=None, known=known)
            return _compared(file, name, known, version)
    except FetchFailed as problem:
        raise PlaceInvalid(sentence(problem)) from None


def take_group(url: str, workspace: Workspace, known: Known) -> Taken:
    """Write down who is in the group unless it is who is known. Raises PlaceInvalid."""
    try:
        rows = groups.rows_of(workspace, groups.place_of(url))
    except ValueError as problem:
        raise PlaceInvalid(str(problem)) from None
    with uploads.receiving() as (file, name):
        file.write(rows)
        return _compared(file, name, known, {})


def take_path(path: str, slug: str, known: Known) -> Taken:
    """Copy the file unless it is what is known. Raises PlaceInvalid."""
    checked = checked_path(path, slug)
    try:
        # What was checked is what is opened: a link put in its place meanwhile is not followed.
        descriptor = os.open(
            os.path.realpath(checked), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        )
    except FileNotFoundError:
        raise PlaceInvalid(_("There is no such file.")) from None
    except OSError as problem:
        raise PlaceInvalid(_("The file cannot be opened: %(why)s.") % {"why": problem.strerror}) from None
    with os.fdopen(descriptor, "rb") as source:
        before = os.fstat(descriptor)
        opened = Path(os.path.realpath(f"/proc/self/fd/{descriptor}"))
        if opened.exists() and not any(opened.is_relative_to(one) for one in watched_folders(slug)):
            raise PlaceInvalid(_("The file is in none of the folders that may be watched."))
        if not stat.S_ISREG(before.st_mode):
            raise PlaceInvalid(_("This is no file."))
        mark = f"{before.st_ino}-{before.st_size}-{before.st_mtime_ns}"
        if mark == known.etag:
            return Taken(stored=None, known=known)
        if before.st_size > LIMITS.octets:
            raise PlaceInvalid(sentence(FetchFailed("size")))
        with uploads.receiving() as (file, name):
            while chunk := source.read(_CHUNK):
                file.write(chunk)
                if file.tell() > LIMITS.octets:
                    raise PlaceInvalid(sentence(FetchFailed("size")))
            after = os.fstat(descriptor)
            if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                raise PlaceInvalid(_("The file was being written while it was read. Try again in a moment."))
            return _compared(file, name, known, {"etag": mark})


def _compared(file: IO[bytes], name: str, known: Known, version: dict[str, str]) -> Taken:
    """Return the copy, or none when it holds what is known already, whatever the server says of its version."""
    file.flush()
    file.seek(0)
    if file.read(200).lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith(_PAGE_STARTS):
        raise PlaceInvalid(
            _(
                "The address leads to a web page, not to a spreadsheet. Share it with everyone who has the link."
            )
        )
    file.seek(0)
    counted = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        counted.update(chunk)
    digest = counted.hexdigest()
    found = Known(sha256=digest, **version)
    size = file.tell()
    if digest == known.sha256:
        uploads.remove(name)
        return Taken(stored=None, known=found)
    return Taken(stored=uploads.Stored(name, size), known=found)


def sentence(problem: FetchFailed) -> str:
    """Return what went wrong, for the person who named the address; never the address itself."""
    facts = {"detail": problem.detail, "mb": LIMITS.octets // 1024**2, "seconds": int(LIMITS.seconds)}
    match problem.reason, problem.detail:
        case "url", "scheme":
            text = _("Write an address that begins with https:// or http://.")
        case "url", "password":
            text = _("An address with a user name or password is not taken: it would be shown to others.")
        case "url", "port":
            text = _("This port is not one of the web.")
        case "url", _:
            text = _("This is not an address such as https://example.org/people.csv.")
        case "address", _:
            text = _(
                "The address leads into a private network, which is not allowed. An administrator may allow it with "
                "CLARION_FETCH_ALLOW."
            )
        case "dns", _:
            text = _("There is no server of that name.")
        case "tls", _:
            text = _("The server’s certificate is not valid.")
        case "redirects", "downgrade":
            text = _("The server leads from https to http, which is not followed.")
        case "redirects", _:
            text = _("The server leads on and on.")
        case "status", "401" | "403":
            text = _("The server does not show it (%(detail)s). Share it with everyone who has the link.")
        case "status", "404" | "410":
            text = _("The server has nothing at this address (%(detail)s).")
        case "status", _:
            text = _("The server answered with an error (%(detail)s).")
        case "size", _:
            text = _("It is larger than %(mb)s MB.")
        case "time", _:
            text = _("The server took longer than %(seconds)s seconds.")
        case "encoding", _:
            text = _("The server packs it in a way that is damaged or not understood.")
        case _:
            text = _("The server cannot be reached, or broke off.")
    return text % facts
