"""Deleting from the media library, which campaigns' own messages may need."""

from clarion.campaigns.models import Step
from clarion.content import operations as content
from clarion.content.errors import MediaInUse
from clarion.content.models import MediaFile
from clarion.workspaces.actors import Actor


def delete_media(*, file: MediaFile, by: Actor) -> None:
    """Delete the file for good. Raises NotAllowed, and MediaInUse when a template or a campaign needs it."""
    steps = Step.objects.filter(campaign__workspace=by.workspace, body_source__source__icontains=file.key)
    names = sorted(set(steps.values_list("campaign__name", flat=True)[:100]))
    if names:
        raise MediaInUse(names[:3], max(0, len(names) - 3))
    content.delete_media(file=file, by=by)
