"""Programs that ask the API."""

from collections.abc import Collection
from typing import Any

from django.test import Client

from clarion.workspaces import operations
from clarion.workspaces.actors import of_member
from clarion.workspaces.models import Membership
from clarion.workspaces.permissions import Permission, Role, permissions_of

JSON = "application/json"


def secret_of(member: Membership, scopes: Collection[str] | None = None, **options: Any) -> str:
    """Return the secret of a new token of the member, with all that they may do unless it is said."""
    wanted = permissions_of(Role(member.role)) if scopes is None else scopes
    _token, secret = operations.create_token(
        by=of_member(member), member=member, name="Shop", scopes=[str(one) for one in wanted], **options
    )
    return secret


class Asking:
    """A program with a token."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.client = Client()

    def __call__(self, method: str, path: str, said: Any = None, **headers: str) -> Any:
        """Return the answer to a request; `said` is its body, `headers` have underscores."""
        kept = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            method, f"/api/v1{path}", b"" if said is None else _octets(said), kept.pop("content-type", JSON),
            headers={"Authorization": f"Bearer {self.secret}", **kept},
        )  # fmt: skip

    def get(self, path: str, **headers: str) -> Any:
        """Return what is answered to a GET."""
        return self("GET", path, **headers)

    def post(self, path: str, said: Any = None, **headers: str) -> Any:
        """Return what is answered to a POST."""
        return self("POST", path, said, **headers)


def _octets(said: Any) -> bytes:
    import orjson

    return said if isinstance(said, bytes) else orjson.dumps(said)


def asking(member: Membership, *scopes: Permission, **options: Any) -> Asking:
    """Return a program that acts for the member, with these scopes or all that they may do."""
    return Asking(secret_of(member, scopes or None, **options))
