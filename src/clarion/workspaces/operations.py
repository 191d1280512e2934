"""Writing users and workspaces."""

from clarion.workspaces.models import User


def update_profile(
    *,
    user: User,
    name: str | None = None,
    language: str | None = None,
    theme: str | None = None,
    zone: str | None = None,
) -> None:
    """Change what a person chose about themselves; None leaves a field as it is.

    `language` and `zone` may be empty for the browser's and the workspace's, `theme` for the system's.
    """
    given = {"name": name, "language": language, "theme": theme, "zone": zone}
    changes = {field: value for field, value in given.items() if value is not None}
    if not changes:
        return
    for field, value in changes.items():
        setattr(user, field, value)
    user.save(update_fields=list(changes))
