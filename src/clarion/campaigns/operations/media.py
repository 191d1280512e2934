"""Deleting from the media library, which campaigns' own messages may need."""

from clarion.campaigns.queries import media_users
from clarion.content import operations as content
from clarion.content.errors import MediaInUse
from clarion.content.models import MediaFile
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission


def delete_media(*, file: MediaFile, by: Actor) -> None:
    """Delete the file for good. Raises NotAllowed, and MediaInUse when a template or a campaign needs it."""
    by.require(Permission.EDIT)
    names = media_users(by.workspace, [file.key]).get(file.key)
    if names:
        raise MediaInUse(names[:3], max(0, len(names) - 3))
    content.delete_media(file=file, by=by)
