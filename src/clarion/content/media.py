"""The media library: its limits, its names, and who needs which file."""

import base64
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum

from clarion.content import storing
from clarion.content.models import MediaFile, TemplateVersion
from clarion.content.sources import each_language
from clarion.workspaces.models import Membership, Workspace

#: Octets of one file.
MAX_OCTETS = 10 * 1024 * 1024
#: Pixels of a picture's side, and of all of it: what opens it makes four octets of each.
MAX_SIDE = 10_000
MAX_PIXELS = 40_000_000

_ADDRESS = re.compile(r"/m/([A-Za-z0-9_-]{16,40})/")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def files_for(member: Membership, *, search: str = "", images_only: bool = False) -> QuerySet[MediaFile]:
    """Return the workspace's files, newest first, with `used_by_count`: templates that mention them."""
    found = MediaFile.objects.filter(workspace=member.workspace).select_related("created_by")
    if search.strip():
        found = found.filter(name__icontains=search.strip())
    if images_only:
        found = found.filter(width__isnull=False)
    return found.annotate(used_by_count=Count("versions__template", distinct=True)).order_by(
        "-created_at", "-pk"
    )


def file_for(member: Membership, public_id: UUID) -> MediaFile | None:
    """Return the workspace's file of that id; None for a stranger."""
    return MediaFile.objects.filter(workspace=member.workspace, public_id=public_id).first()


def public_file(key: str) -> MediaFile | None:
    """Return the file of that key, whoever asks: the key is the right to see it."""
    return MediaFile.objects.filter(key=key).first()


def used_octets(workspace: Workspace) -> int:
    """Return how much the workspace's files take."""
    return int(MediaFile.objects.filter(workspace=workspace).aggregate(size=Sum("size"))["size"] or 0)


def address_of(file: MediaFile) -> str:
    """Return the file's public address."""
    return f"{settings.CLARION_PUBLIC_URL}/m/{file.key}/{file.name}"


def used_in(workspace: Workspace, source: Mapping[str, Any]) -> QuerySet[MediaFile]:
    """Return the library's files that a template's source shows or carries."""
    keys = set(_keys(source.get("files") or ()))
    for _tag, one in each_language(source):
        keys.update(_ADDRESS.findall(f"{one.get('source', '')}\n{one.get('text', '')}"))
    return MediaFile.objects.filter(workspace=workspace, key__in=keys)


def attachments_of(workspace: Workspace, source: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the files that go with a message, as mail contents have them. What is not there is left out."""
    keys = _keys(source.get("files") or ())
    there = {file.key: file for file in MediaFile.objects.filter(workspace=workspace, key__in=keys)}
    return [_attached(there[key]) for key in keys if key in there]


def pictures_of(workspace: Workspace, source: Mapping[str, Any]) -> dict[str, str]:
    """Return the pictures that go with a message: name → public address."""
    found = MediaFile.objects.filter(
        workspace=workspace, key__in=_keys(source.get("files") or ()), width__isnull=False
    )
    return {file.name: address_of(file) for file in found}


def templates_needing(file: MediaFile) -> list[str]:
    """Return the names of templates that need the file, sorted: in their latest version, or in one of a campaign's."""
    latest = (
        TemplateVersion.objects.filter(template=OuterRef("template")).order_by("-number").values("pk")[:1]
    )
    needed = file.versions.annotate(latest=Subquery(latest)).filter(
        Q(step__isnull=False) | Q(pk=Subquery(latest))
    )
    return sorted(set(needed.values_list("template__name", flat=True)))


def safe_name(name: str, extension: str) -> str:
    """Return a file name of ASCII letters, digits, dots and dashes that ends as the file's kind does."""
    plain = (
        unicodedata.normalize("NFKD", name.replace("\\", "/").rpartition("/")[2])
        .encode("ascii", "ignore")
        .decode()
    )
    stem = _UNSAFE.sub("-", plain.rpartition(".")[0] if "." in plain else plain).strip("-._").lower()
    return f"{stem[:80].strip('-._') or 'file'}.{extension}"


def _keys(given: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(str(key) for key in given))


def _attached(file: MediaFile) -> dict[str, str]:
    octets = storing.path_of(file.workspace_id, file.sha256, file.key).read_bytes()
    return {
        "filename": file.name, "content_type": file.content_type, "content_b64": base64.b64encode(octets).decode(),
    }  # fmt: skip
