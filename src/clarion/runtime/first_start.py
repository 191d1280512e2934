"""The very first start: an owner to sign in with, and something to look at."""

import secrets
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from clarion.runtime import demo
from clarion.workspaces import operations, queries

OWNER_EMAIL = "owner@example.com"
#: Letters and digits that are not mistaken for each other when read from a screen.
_ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstOwner:
    """How to sign in for the first time. The password is kept nowhere."""

    email: str
    password: str

    def as_json(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)


@transaction.atomic
def prepare() -> FirstOwner | None:
    """If there is no user yet, make the first owner, a workspace of theirs and the demo. Else do nothing."""
    if queries.has_users():
        return None
    password = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))
    owner = operations.create_user(email=OWNER_EMAIL, name="Owner", password=password, is_superuser=True)
    if not operations.adopt_workspaces(owner=owner):
        operations.create_workspace(name="My workspace", slug="main", owner=owner)
    demo.load(owner)
    return FirstOwner(email=owner.email, password=password)
