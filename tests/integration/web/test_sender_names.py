"""Names of SMS senders: proposed by an author, used when an administrator has approved them."""

from typing import Any

import pytest
from django.test import Client

from clarion.channels.base import ConfigInvalid
from clarion.senders import operations as senders
from clarion.senders.models import Sender, SenderName
from clarion.senders.naming import operations, queries
from clarion.senders.naming.errors import NameRefused
from clarion.senders.naming.models import NameStatus
from clarion.senders.naming.states import RULES, Move
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import NotAllowed
from clarion.workspaces.models import AuditEvent, Membership
from clarion.workspaces.permissions import Role
from tests.integration.campaigns import making
from tests.integration.campaigns.reading import base, signed_in, words

pytestmark = pytest.mark.django_db

CONFIG = {"host": "127.0.0.1", "port": 2775, "security": "none", "system_id": "shop", "source": "Shop"}


@pytest.fixture
def admin() -> Membership:
    return making.make_member(name="Anna")


@pytest.fixture
def author(admin: Membership) -> Membership:
    return making.make_member(admin.workspace, role=Role.AUTHOR, name="Bob")


@pytest.fixture
def sender(admin: Membership) -> Sender:
    return senders.create_sender(by=of_member(admin), channel="sms", name="Texts", config=CONFIG)


def post(member: Membership, sender: Sender, **fields: Any) -> Any:
    return signed_in(member).post(f"{base(member)}senders/{sender.public_id}/names/", fields)


def source(sender: Sender) -> str:
    return str(Sender.objects.get(pk=sender.pk).config["source"])


def states(sender: Sender) -> list[tuple[str, str]]:
    return list(SenderName.objects.filter(sender=sender).order_by("number").values_list("name", "status"))


def test_an_author_proposes_and_an_administrator_approves(
    sender: Sender, admin: Membership, author: Membership
) -> None:
    assert post(author, sender, do="propose", name="Shop Berlin"[:11], note="Ref 7").status_code == 302
    assert states(sender) == [("Shop", "APPROVED"), ("Shop Berlin", "PENDING")]
    assert source(sender) == "Shop"
    row = SenderName.objects.get(status="PENDING")

    assert post(author, sender, do="approve", id=str(row.public_id)).status_code == 403
    assert post(author, sender, do="propose", name="Other").status_code == 422
    assert post(admin, sender, do="approve", id=str(row.public_id)).status_code == 302

    assert states(sender) == [("Shop", "ARCHIVED"), ("Shop Berlin", "APPROVED")]
    assert source(sender) == "Shop Berlin"
    event = AuditEvent.objects.filter(action="sender.name_approved").get()
    assert event.changes["source"] == ["Shop", "Shop Berlin"]
    page = words(signed_in(author).get(f"{base(author)}senders/{sender.public_id}/names/"))
    assert "Shop Berlin" in page
    assert "Ref 7" in page

    mallory = making.make_member(name="Mallory")
    stranger = signed_in(mallory)
    assert stranger.get(f"{base(admin)}senders/{sender.public_id}/names/").status_code == 404
    assert post(mallory, sender, do="propose", name="Mine").status_code == 404


def test_a_rejection_says_why_and_another_may_be_proposed(
    sender: Sender, admin: Membership, author: Membership
) -> None:
    draft = operations.propose(sender=sender, by=of_member(author), name="Bank")
    facts: dict[str, Any] = {"sender": sender, "public_id": str(draft.public_id)}
    with pytest.raises(NameRefused):
        operations.move(by=of_member(admin), move=Move.REJECT, reason="no", **facts)

    operations.move(by=of_member(author), move=Move.SUBMIT, **facts)
    with pytest.raises(NameRefused):
        operations.move(by=of_member(admin), move=Move.REJECT, **facts)
    operations.move(by=of_member(admin), move=Move.REJECT, reason="We are no bank.", **facts)

    assert states(sender) == [("Shop", "APPROVED"), ("Bank", "REJECTED")]
    assert source(sender) == "Shop"
    assert "We are no bank." in words(
        signed_in(author).get(f"{base(author)}senders/{sender.public_id}/names/")
    )
    operations.propose(sender=sender, by=of_member(author), name="Shop 2", submit=True)


@pytest.mark.parametrize("status", NameStatus.values)
@pytest.mark.parametrize("move", list(Move))
def test_only_what_the_table_allows_is_done(
    sender: Sender, admin: Membership, status: str, move: Move
) -> None:
    row = SenderName.objects.create(sender=sender, number=7, name="Shop 7", status=status, reason="x")
    facts: dict[str, Any] = {"sender": sender, "public_id": str(row.public_id), "by": of_member(admin)}

    if status in RULES[move].sources:
        assert operations.move(move=move, reason="x", **facts).status == RULES[move].to
    else:
        with pytest.raises(NameRefused):
            operations.move(move=move, reason="x", **facts)


def test_the_settings_change_no_name_but_may_go_over_to_a_number(sender: Sender, admin: Membership) -> None:
    by = of_member(admin)
    with pytest.raises(ConfigInvalid):
        senders.update_sender(sender=sender, by=by, config=CONFIG | {"source": "Bank"})
    senders.update_sender(sender=sender, by=by, config=CONFIG | {"port": 2776})
    assert source(sender) == "Shop"

    senders.update_sender(sender=sender, by=by, config=CONFIG | {"source": "+15005550006"})

    assert states(sender) == [("Shop", "ARCHIVED")]


@pytest.mark.parametrize("name", ["", "12345", "+49151", "Twelve chars", "Ümlaut", " - "])
def test_what_no_network_takes_is_no_name(sender: Sender, author: Membership, name: str) -> None:
    with pytest.raises(NameRefused):
        operations.propose(sender=sender, by=of_member(author), name=name)


def test_a_viewer_proposes_nothing_and_other_channels_have_no_names(
    sender: Sender, admin: Membership
) -> None:
    viewer = making.make_member(admin.workspace, role=Role.VIEWER, name="Vera")
    with pytest.raises(NotAllowed):
        operations.propose(sender=sender, by=of_member(viewer), name="Mine")
    assert post(viewer, sender, do="propose", name="Mine").status_code == 403

    other = senders.create_sender(by=of_member(admin), channel="sandbox", name="Own", config={})
    assert not queries.has_names(other)
    assert Client().get(f"{base(admin)}senders/{other.public_id}/names/").status_code in (302, 404)
    assert signed_in(admin).get(f"{base(admin)}senders/{other.public_id}/names/").status_code == 404
