"""Every write to the media library."""

import hashlib
import secrets
from typing import Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from clarion.content import media, storing
from clarion.content.errors import MediaInUse, MediaInvalid
from clarion.content.fileheads import Kind, kind_of
from clarion.content.models import MediaFile
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.models import Workspace
from clarion.workspaces.permissions import Permission

#: Octets of the key in a file's address: nobody finds one by trying.
_KEY_OCTETS = 18


class _Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


def store_media(*, by: Actor, file: _Readable, name: str) -> MediaFile:
    """Return the file in the library: a new one, or the one that has the same octets already.

    Raises NotAllowed, and MediaInvalid for what is too large, empty, of no known kind, or too much in all.
    """
    by.require(Permission.EDIT)
    octets = file.read(media.MAX_OCTETS + 1)
    kind = _kind(octets, name)
    sha256 = hashlib.sha256(octets).hexdigest()
    with transaction.atomic():
        # One after the other for a workspace, so that together they cannot pass its limit.
        Workspace.objects.select_for_update(no_key=True).get(pk=by.workspace.pk)
        of_workspace = MediaFile.objects.filter(workspace=by.workspace)
        there = of_workspace.filter(sha256=sha256).first()
        if there is not None:
            return there
        used = of_workspace.aggregate(size=Sum("size"))["size"] or 0
        if used + len(octets) > settings.CLARION_MEDIA_MB * 1024 * 1024:
            sentence = _("The media library is full: it holds at most %(limit)d MB.")
            raise MediaInvalid(sentence % {"limit": settings.CLARION_MEDIA_MB})
        made = MediaFile(
            workspace=by.workspace, key=_new_key(), name=media.safe_name(name, kind.extension),
            content_type=kind.content_type, size=len(octets), sha256=sha256, width=kind.width, height=kind.height,
            created_by=by.user,
        )  # fmt: skip
        path = storing.path_of(by.workspace.pk, sha256, made.key)
        storing.keep(path, octets)
        try:
            made.save(force_insert=True)
            _record(by, made, "uploaded")
        except BaseException:
            storing.remove(path)
            raise
    return made


@transaction.atomic
def delete_media(*, file: MediaFile, by: Actor) -> None:
    """Delete the file for good. Mails that were sent outside of campaigns and show it lose it.

    Raises NotAllowed, and MediaInUse when a template's latest version or a version that a campaign has needs it.
    `campaigns.operations.delete_media` also asks the messages that campaigns have of their own.
    """
    by.require(Permission.EDIT)
    file = MediaFile.objects.select_for_update().get(pk=file.pk, workspace=by.workspace)
    needing = media.templates_needing(file)
    if needing:
        raise MediaInUse(needing[:3], max(0, len(needing) - 3))
    path = storing.path_of(file.workspace_id, file.sha256, file.key)
    _record(by, file, "deleted")
    file.delete()
    transaction.on_commit(lambda: storing.remove(path))


def _kind(octets: bytes, name: str) -> Kind:
    if not octets:
        raise MediaInvalid(_("The file is empty."))
    if len(octets) > media.MAX_OCTETS:
        sentence = _("The file is larger than %(limit)d MB.")
        raise MediaInvalid(sentence % {"limit": media.MAX_OCTETS // 1024**2})
    kind = kind_of(octets, name)
    if kind is None:
        raise MediaInvalid(
            _(
                "Pictures (PNG, JPEG, GIF, WebP), PDF, office documents, sound, video and plain texts can be kept here."
            )
        )
    width, height = kind.width or 0, kind.height or 0
    if max(width, height) > media.MAX_SIDE or width * height > media.MAX_PIXELS:
        sentence = _("The picture is too large: at most %(side)d pixels a side and %(most)d million in all.")
        raise MediaInvalid(sentence % {"side": media.MAX_SIDE, "most": media.MAX_PIXELS // 1_000_000})
    return kind


def _record(by: Actor, file: MediaFile, verb: str) -> None:
    audit.record(
        by=by, action=f"media.{verb}", kind="media", object_id=str(file.public_id), object_name=file.name
    )


def _new_key() -> str:
    """Return a key without the letters of the compiler's own marks: a message with its address would be refused."""
    while "zqj" in (key := secrets.token_urlsafe(_KEY_OCTETS)):
        pass
    return key
