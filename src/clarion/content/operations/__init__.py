"""Every write to templates and to the media library, each with its audit event."""

from clarion.content.operations.branding import set_branding
from clarion.content.operations.media import delete_media, store_media
from clarion.content.operations.templates import (
    add_language,
    archive_template,
    create_template,
    delete_template,
    duplicate_template,
    keep_as_template,
    remove_language,
    rename_template,
    restore_template,
    save_version,
    set_approval,
)

__all__ = [
    "add_language",
    "archive_template",
    "create_template",
    "delete_media",
    "delete_template",
    "duplicate_template",
    "keep_as_template",
    "remove_language",
    "rename_template",
    "restore_template",
    "save_version",
    "set_approval",
    "set_branding",
    "store_media",
]
