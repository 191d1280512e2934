"""Making, changing and ending endpoints."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clarion.lib import fetch_rules
from clarion.lib.fetch_rules import FetchFailed
from clarion.webhooks import secrets, signing
from clarion.webhooks.errors import EndpointInvalid
from clarion.webhooks.models import Addresses, Endpoint, EndpointStatus, Feed, Kind
from clarion.workspaces import audit
from clarion.workspaces.actors import Actor
from clarion.workspaces.models import PiiPolicy
from clarion.workspaces.permissions import Permission

#: Of one workspace.
MOST_ENDPOINTS = 20
#: A secret that was replaced signs for so long beside the new one.
OVERLAP_HOURS = 24


@transaction.atomic
def create_endpoint(
    *, by: Actor, url: str, kinds: Collection[str], description: str = "", with_addresses: bool = False
) -> tuple[Endpoint, str]:
    """Make an endpoint and return it with its secret, which is known only now.

    It is told of what happens from now on. `kinds` are `Kind`s. Raises NotAllowed, and EndpointInvalid.
    """
    by.require(Permission.MANAGE_MEMBERS)
    said = _checked(url, kinds, description)
    if Endpoint.objects.filter(workspace=by.workspace).count() >= MOST_ENDPOINTS:
        raise EndpointInvalid({"url": _("At most %(n)d webhooks; remove one first.") % {"n": MOST_ENDPOINTS}})
    public_id, secret = uuid4(), signing.new_secret()
    endpoint = Endpoint.objects.create(
        workspace=by.workspace, public_id=public_id, sealed=secrets.seal(secret, public_id=public_id),
        created_by=by.user, **said, **_vouched(by, with_addresses),
    )  # fmt: skip
    _record(
        by, endpoint, "create",
        {"host": (None, host_of(endpoint)), "events": (None, endpoint.kinds), "addresses": (None, with_addresses)},
    )  # fmt: skip
    return endpoint, secret


@transaction.atomic
def change_endpoint(
    *,
    by: Actor,
    endpoint: Endpoint,
    url: str,
    kinds: Collection[str],
    description: str,
    with_addresses: bool,
) -> Endpoint:
    """Change what the endpoint is told of and where. Raises NotAllowed, and EndpointInvalid."""
    by.require(Permission.MANAGE_MEMBERS)
    said = _checked(url, kinds, description)
    row = _held(by, endpoint)
    was_with = row.addresses != Addresses.NONE
    before: dict[str, Any] = {
        "host": host_of(row),
        "events": row.kinds,
        "description": row.description,
        "addresses": was_with,
    }
    facts: dict[str, Any] = dict(said)
    if with_addresses != was_with:
        facts |= _vouched(by, with_addresses)
    elif with_addresses and row.url != said["url"]:
        facts |= _vouched(by, with_addresses)  # somebody has to answer for the new place, too
    new = set(said["kinds"]) - set(row.kinds)
    if Kind.DELIVERY in new:
        facts["since"] = timezone.now()
        Feed.objects.filter(endpoint=row).delete()
    if Kind.SUPPRESSION in new:
        facts["suppressions"] = {}
    for name, value in facts.items():
        setattr(row, name, value)
    row.save(update_fields=list(facts))
    after: dict[str, Any] = {"host": host_of(row), "events": row.kinds, "description": row.description}
    after["addresses"] = with_addresses
    changes = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
    if changes:
        _record(by, row, "change", changes)
    return row


@transaction.atomic
def switch_on(*, by: Actor, endpoint: Endpoint) -> Endpoint:
    """Tell it again. One that was disabled goes on where it was; one that was off, with what happens from now on."""
    by.require(Permission.MANAGE_MEMBERS)
    row = _held(by, endpoint)
    if row.status == EndpointStatus.ON:
        return row
    facts: dict[str, Any] = {
        "status": EndpointStatus.ON, "status_reason": "", "status_changed_at": timezone.now(), "failures": 0,
        "failing_since": None, "next_at": None,
    }  # fmt: skip
    if row.status == EndpointStatus.OFF:
        facts |= {"since": timezone.now(), "suppressions": {}}
    return _moved(by, row, facts, "on")


@transaction.atomic
def switch_off(*, by: Actor, endpoint: Endpoint) -> Endpoint:
    """Tell it nothing more, and note nothing for it. What waits in its line goes when it is switched on again."""
    by.require(Permission.MANAGE_MEMBERS)
    row = _held(by, endpoint)
    if row.status == EndpointStatus.OFF:
        return row
    Feed.objects.filter(endpoint=row).delete()
    facts = {"status": EndpointStatus.OFF, "status_reason": "", "status_changed_at": timezone.now()}
    return _moved(by, row, facts, "off")


@transaction.atomic
def rotate_secret(*, by: Actor, endpoint: Endpoint) -> str:
    """Return a new secret, which is known only now. The one before signs beside it for OVERLAP_HOURS."""
    by.require(Permission.MANAGE_MEMBERS)
    row = _held(by, endpoint)
    secret = signing.new_secret()
    row.sealed_before, row.sealed = bytes(row.sealed), secrets.seal(secret, public_id=row.public_id)
    row.before_until = timezone.now() + timedelta(hours=OVERLAP_HOURS)
    row.save(update_fields=["sealed", "sealed_before", "before_until"])
    _record(by, row, "rotate", {})
    return secret


@transaction.atomic
def remove_endpoint(*, by: Actor, endpoint: Endpoint) -> None:
    """Remove it with its log; it may be gone already."""
    by.require(Permission.MANAGE_MEMBERS)
    gone = Endpoint.objects.select_for_update().filter(pk=endpoint.pk, workspace=by.workspace).first()
    if gone is not None:
        _record(by, gone, "remove", {"host": (host_of(gone), None)})
        gone.delete()


def host_of(endpoint: Endpoint) -> str:
    """Return the host alone: the rest of an address may hold what lets one in."""
    return urlsplit(endpoint.url).netloc


def _held(by: Actor, endpoint: Endpoint) -> Endpoint:
    return Endpoint.objects.select_for_update(of=("self",)).get(pk=endpoint.pk, workspace=by.workspace)


def _moved(by: Actor, row: Endpoint, facts: dict[str, Any], verb: str) -> Endpoint:
    before = row.status
    for name, value in facts.items():
        setattr(row, name, value)
    row.save(update_fields=list(facts))
    _record(by, row, verb, {"status": (before, row.status)})
    return row


def _vouched(by: Actor, with_addresses: bool) -> dict[str, Any]:
    """Return on whose word it is told addresses. Raises NotAllowed and EndpointInvalid."""
    if not with_addresses:
        return {"addresses": Addresses.NONE, "vouched_by": None}
    by.require(Permission.VIEW_PII)
    if by.workspace.pii_policy != PiiPolicy.SHOWN:
        sentence = _("This workspace shows people one by one on request, so no program is told addresses.")
        raise EndpointInvalid({"with_addresses": sentence})
    kind = Addresses.MEMBER if by.member is not None else Addresses.OPERATOR
    return {"addresses": kind, "vouched_by": by.member}


def _checked(url: str, kinds: Collection[str], description: str) -> dict[str, Any]:
    found: dict[str, str] = {}
    words = " ".join(description.replace("\x00", "").split())
    try:
        url = str(fetch_rules.checked_url(url.strip(), settings.CLARION_FETCH_ALLOW))
    except FetchFailed as problem:
        found["url"] = sentence(problem)
    if len(words) > 200:
        found["description"] = _("At most %(n)d characters.") % {"n": 200}
    if unknown := sorted(set(kinds) - set(Kind.values)):
        found["kinds"] = _("There is no kind of events called %(name)s.") % {"name": unknown[0]}
    elif not kinds:
        found["kinds"] = _("Choose what it is told of.")
    if found:
        raise EndpointInvalid(found)
    return {"url": url, "kinds": [one for one in Kind.values if one in kinds], "description": words}


def sentence(problem: FetchFailed) -> str:
    """Return what is wrong with an address that somebody typed."""
    match problem.detail:
        case "scheme":
            return _("Write an address that begins with https:// or http://.")
        case "password":
            return _("An address with a user name or password is not taken: it would be shown to others.")
        case "port":
            return _("This port is not one of the web.")
    return _("This is not an address such as https://example.org/hook.")


def _record(by: Actor, endpoint: Endpoint, verb: str, changes: dict[str, tuple[Any, Any]]) -> None:
    audit.record(
        by=by, action=f"webhook.{verb}", kind="webhook", object_id=str(endpoint.public_id),
        object_name=endpoint.description or host_of(endpoint), changes=changes,
    )  # fmt: skip
