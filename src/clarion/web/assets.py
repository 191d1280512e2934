"""The interface's own style sheet, scripts and icon sprite, joined from many small files at first use.

The sources stay one file per component; a browser gets one style sheet, one script and one sprite, each under
a URL that holds the hash of its content and may therefore be kept for ever. Nothing is built beforehand.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from clarion.web import icons

STATIC = Path(__file__).resolve().parent.parent / "static"
#: The order of the cascade; components in between come in the order of their names.
_FIRST = ("layers", "tokens", "reset", "base", "layout")
_LAST = ("utilities",)

_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_JS_COMMENT = re.compile(r"^\s*//.*$", re.MULTILINE)
_JS_IMPORT = re.compile(r"^import \{[^}]*\} from \"[^\"]*dom\.js\";$", re.MULTILINE)
_JS_EXPORT = re.compile(r"^export (?=(async )?function|const)", re.MULTILINE)
_INDENT = re.compile(r"\n\s*")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it goes over the wire: `body` plain and `packed` with gzip; `digest` names its content."""

    content_type: str
    body: bytes
    packed: bytes
    digest: str


def asset(name: str) -> Asset:
    """The asset "clarion.css", "clarion.js", "htmx.js", "icons.svg", "<page>.js" of static/js/pages or
    "<page>.css" of static/css/pages.

    Raises LookupError for any other name. With DEBUG on, style sheets and scripts are read at every call.
    """
    return _make(name) if _may_change(name) else _cached(name)


def asset_url(name: str) -> str:
    """Where the asset is served, with its content's hash in the path."""
    return _url(name, asset(name).digest) if _may_change(name) else _cached_url(name)


def serve(request: HttpRequest, digest: str, name: str) -> HttpResponse:
    """The asset; one asked for by an older hash is sent as it is now, but is not to be kept."""
    try:
        found = asset(name)
    except LookupError as error:
        raise Http404 from error
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(found.packed if packed else found.body, content_type=found.content_type)
    if packed:
        response["Content-Encoding"] = "gzip"
    response["Vary"] = "Accept-Encoding"
    kept = "public, max-age=31536000, immutable" if digest == found.digest else "no-cache"
    response["Cache-Control"] = kept
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _may_change(name: str) -> bool:
    return settings.DEBUG and name not in ("icons.svg", "htmx.js")


def _url(name: str, digest: str) -> str:
    return reverse("asset", kwargs={"digest": digest, "name": name})


@cache
def _cached_url(name: str) -> str:
    return _url(name, _cached(name).digest)


@cache
def _cached(name: str) -> Asset:
    return _make(name)


def _make(name: str) -> Asset:
    if name == "clarion.css":
        return _packed("text/css; charset=utf-8", _style_sheet())
    if name == "clarion.js":
        return _packed("text/javascript; charset=utf-8", _script(sorted((STATIC / "js").glob("*.js"))))
    if name == "htmx.js":
        htmx = files("django_htmx") / "static" / "django_htmx" / "htmx-2.min.js"
        return _packed("text/javascript; charset=utf-8", htmx.read_text("utf-8"))
    if name == "icons.svg":
        return _packed("image/svg+xml; charset=utf-8", icons.sprite().decode())
    asked = re.fullmatch(r"[a-z][a-z0-9_-]*\.(js|css)", name)
    # The match is a plain str; a template's own string class cannot become part of a path.
    page = STATIC / asked[1] / "pages" / asked[0] if asked else None
    if page is not None and page.is_file():
        if page.suffix == ".css":
            return _packed("text/css; charset=utf-8", _joined([page]))
        return _packed("text/javascript; charset=utf-8", _script([STATIC / "js" / "dom.js", page]))
    raise LookupError(name)


def _packed(content_type: str, text: str) -> Asset:
    body = text.encode()
    digest = hashlib.sha256(body).hexdigest()[:12]
    return Asset(content_type, body, gzip.compress(body, 9, mtime=0), digest)


def _style_sheet() -> str:
    css = STATIC / "css"
    paths = [css / f"{name}.css" for name in _FIRST]
    paths += sorted((css / "components").glob("*.css"))
    paths += [css / f"{name}.css" for name in _LAST]
    return _joined(paths)


def _joined(paths: list[Path]) -> str:
    joined = "\n".join(_CSS_COMMENT.sub("", path.read_text("utf-8")) for path in paths)
    return _INDENT.sub("\n", joined).strip() + "\n"


def _script(paths: list[Path]) -> str:
    """The modules joined: dom.js at the top, every other file in a block of its own, so names never clash."""
    shared = [path for path in paths if path.name == "dom.js"]
    parts = [_without_comments(path) for path in shared]
    parts += ["{\n" + _without_comments(path) + "\n}" for path in paths if path not in shared]
    return "\n".join(parts) + "\n"


def _without_comments(path: Path) -> str:
    text = _JS_COMMENT.sub("", path.read_text("utf-8"))
    text = _JS_EXPORT.sub("", _JS_IMPORT.sub("", text))
    return _INDENT.sub("\n", text).strip()
