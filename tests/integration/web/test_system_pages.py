"""What system administrators do: workspaces, the switch of campaigns, and the view over all of them."""

import re

import pytest
from django.test import Client

from clarion.campaigns import operations as campaigns
from clarion.campaigns.states import Status
from clarion.workspaces import operations, queries
from clarion.workspaces.actors import operator
from clarion.workspaces.errors import WorkspaceInvalid
from clarion.workspaces.models import AuditEvent, Membership, User, Workspace
from clarion.workspaces.permissions import Role
from tests import ledgers
from tests.factories import Cast, client_of, make_user
from tests.integration.web.test_walls import SECRET
from tests.integration.web.test_walls import things as things

pytestmark = pytest.mark.django_db

ALL, WORKSPACES = "/system/campaigns/", "/system/workspaces/"


@pytest.fixture
def root() -> User:
    return make_user(name="Root", email="root@example.test", is_superuser=True)


@pytest.fixture
def admin(root: User) -> Client:
    client = Client()
    client.force_login(root)
    return client


def text(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return answer.content.decode()


class TestMakingOne:
    def test_it_is_the_administrators_own_unless_they_name_another_owner(
        self, admin: Client, root: User, cast: Cast
    ) -> None:
        admin.post(WORKSPACES, {"name": "Shop", "slug": "shop"})
        admin.post(WORKSPACES, {"name": "Bobs", "slug": "bobs", "owner": "bob@example.test"})

        owners = Membership.objects.filter(workspace__slug__in=["shop", "bobs"], role=Role.OWNER)
        assert {(one.workspace.slug, one.user) for one in owners} == {("shop", root), ("bobs", cast.bob.user)}
        assert AuditEvent.objects.filter(action="workspace.create", actor=root).count() == 2

    def test_an_owner_without_an_account_is_invited_and_the_link_shown_once(self, admin: Client) -> None:
        page = admin.post(
            WORKSPACES, {"name": "Shop", "slug": "shop", "owner": "Nia@example.test"}
        ).content.decode()

        (secret,) = set(re.findall(r"/join/([\w-]+)/", page))
        invitation = queries.open_invitation(secret)
        assert invitation is not None
        assert (invitation.email, invitation.role) == ("nia@example.test", Role.OWNER)
        assert secret not in text(admin, WORKSPACES)

    @pytest.mark.parametrize(
        "said", [{"name": ""}, {"slug": "Not so"}, {"slug": "-x"}, {"slug": "acme"}, {"owner": "nobody"}]
    )
    def test_what_makes_no_sense_is_refused_beside_its_field(
        self, admin: Client, cast: Cast, said: dict[str, str]
    ) -> None:
        answer = admin.post(WORKSPACES, {"name": "Shop", "slug": "shop"} | said)

        assert answer.status_code == 422
        assert not Workspace.objects.exclude(pk__in=[cast.workspace.pk, cast.elsewhere.pk]).exists()
        (field,) = said
        if said[field] not in ("", "acme"):
            with pytest.raises(WorkspaceInvalid) as refusal:
                operations.open_workspace(by=None, **({"name": "Shop", "slug": "shop"} | said))
            assert set(refusal.value.fields) == {field}


class TestTheSwitch:
    def test_off_hides_the_pages_of_campaigns_and_says_why_where_one_looks(
        self, admin: Client, cast: Cast
    ) -> None:
        root, alice = f"/w/{cast.workspace.slug}/", client_of(cast.alice)
        campaign = ledgers.make_campaign(cast.alice, status=Status.PAUSED)
        pages = [
            root + rest for rest in ("campaigns/", "archive/", "calendar/", "statistics/", "moderation/")
        ]
        pages += [f"{root}campaigns/{campaign.public_id}/", f"{root}campaigns/new/"]
        assert (
            "Switch campaigns off in “Acme”?" in admin.post(f"{WORKSPACES}acme/campaigns/").content.decode()
        )
        admin.post(f"{WORKSPACES}acme/campaigns/", {"to": "off", "confirmed": "1", "reason": "Not paid yet."})

        assert [alice.get(page).status_code for page in pages] == [404] * len(pages)
        assert alice.post(f"{pages[-2]}do/pause/").status_code == 404
        assert alice.get(root)["Location"] == f"{root}contacts/" == alice.get("/")["Location"]
        contacts = text(alice, f"{root}contacts/")
        assert f'href="{root}campaigns/"' not in contacts
        for page in (contacts, text(alice, f"{root}settings/"), text(admin, f"{WORKSPACES}acme/")):
            assert "Not paid yet." in page

    def test_on_again_everything_is_back_and_both_are_in_the_audit_trail(
        self, admin: Client, cast: Cast
    ) -> None:
        for to in ("off", "on", "on"):
            admin.post(f"{WORKSPACES}acme/campaigns/", {"to": to, "confirmed": "1", "reason": "Why"})

        assert client_of(cast.alice).get("/w/acme/campaigns/").status_code == 200
        told = AuditEvent.objects.filter(action="workspace.switch_campaigns").order_by("number")
        assert [(one.changes["campaigns_enabled"], one.reason) for one in told] == [
            ([True, False], "Why"),
            ([False, True], ""),
        ]


class TestTheViewOverAll:
    def test_it_shows_all_workspaces_campaigns_and_narrows_by_workspace(
        self, admin: Client, cast: Cast
    ) -> None:
        ledgers.make_campaign(cast.alice, status=Status.PAUSED, name="Spring")
        ledgers.make_campaign(cast.mallory, status=Status.COMPLETED, name="Autumn")

        everything = text(admin, ALL)
        assert "Spring" in everything
        assert "Autumn" in everything
        assert "<bdi>Elsewhere</bdi>" in everything
        narrowed = text(admin, f"{ALL}?workspace=elsewhere")
        assert "Spring" not in narrowed
        assert "Autumn" in narrowed
        assert "Autumn" not in text(admin, f"{ALL}?status=PAUSED&q=Spring")

    def test_its_tiles_and_rows_follow_what_happens(self, admin: Client, cast: Cast) -> None:
        moving = ledgers.make_campaign(cast.alice, status=Status.SENDING, name="Spring")
        ledgers.make_run(moving, sent=2, failed=1)
        ledgers.make_campaign(cast.mallory, status=Status.COMPLETED, name="Autumn")

        page = text(admin, ALL)
        live = re.search(r'data-live-url="([^"]+)"', page)
        assert live is not None
        told = admin.get(live[1].replace("&amp;", "&")).json()

        assert (told["values"]["total"], told["values"]["active"], told["final"]) == (2, 1, False)
        assert told["scopes"][str(moving.public_id)]["values"]["count_sent"] == 2
        row = text(admin, f"{ALL}{moving.public_id}/row/")
        assert "<bdi>Acme</bdi>" in row
        assert f'data-live-src="{ALL}{moving.public_id}/row/"' in row
        of_one = admin.get(f"{ALL}live/?workspace=elsewhere").json()
        assert (of_one["values"]["total"], of_one["final"]) == (1, True)

    def test_looking_into_a_workspace_of_others_stands_in_its_trail_once_a_day(
        self, admin: Client, cast: Cast
    ) -> None:
        for page in ("campaigns/", "contacts/"):
            assert admin.get(f"/w/acme/{page}").status_code == 200

        (event,) = AuditEvent.objects.filter(workspace=cast.workspace, action="workspace.look")
        assert event.actor is not None
        assert event.actor.is_superuser
        client_of(cast.alice).get("/w/acme/campaigns/")
        assert AuditEvent.objects.filter(action="workspace.look").count() == 1

    def test_a_workspace_of_others_is_open_to_read_with_addresses_masked_and_to_change_nothing(
        self, admin: Client, cast: Cast, things: dict[str, object]
    ) -> None:
        root = f"/w/{cast.workspace.slug}/"
        for page in ("contacts/", f"campaigns/{things['campaigns:']}/recipients/", "members/", "templates/"):
            shown = text(admin, root + page)
            assert SECRET not in shown, page
            assert "as a system administrator" in shown
        assert admin.post(f"{root}campaigns/{things['campaigns:']}/do/cancel/").status_code == 403
        assert admin.post(f"{root}members/leave/", {"confirmed": "1"}).status_code == 403
        assert admin.post(f"{root}halt/").status_code == 403


def test_nobody_else_finds_any_of_it(cast: Cast) -> None:
    for member in (cast.alice, cast.mallory):
        client = client_of(member)
        row = f"{ALL}{ledgers.make_campaign(cast.alice).public_id}/row/"
        for url in (ALL, f"{ALL}live/", row, WORKSPACES, f"{WORKSPACES}acme/"):
            assert client.get(url).status_code == 404
        for url in (WORKSPACES, f"{WORKSPACES}acme/campaigns/"):
            assert (
                client.post(url, {"to": "off", "confirmed": "1", "name": "X", "slug": "x"}).status_code == 404
            )
    assert Client().get(ALL).status_code == 302
    cast.workspace.refresh_from_db()
    assert cast.workspace.campaigns_enabled


def test_settings_are_gathered_and_new_campaigns_begin_with_the_usual_hours(cast: Cast) -> None:
    alice, url = client_of(cast.alice), f"/w/{cast.workspace.slug}/settings/"
    said = {
        "name": "Acme", "zone": "Europe/Berlin", "locale": "de", "window_days": ["0", "4"],
        "window_begins": "09:00", "window_ends": "00:00", "pii_policy": "SHOWN", "retention_days": "0",
    }  # fmt: skip
    assert alice.post(url, said | {"window_ends": ""}).status_code == 422
    assert alice.post(url, said).status_code == 302

    cast.workspace.refresh_from_db()
    assert (cast.workspace.zone, cast.workspace.locale) == ("Europe/Berlin", "de")
    hours = [{"days": [0, 4], "from": "09:00", "to": "24:00"}]
    assert cast.workspace.windows == hours
    assert campaigns.create_campaign(name="Spring", by=operator(cast.workspace)).windows == hours
    assert 'value="09:00"' in text(alice, url)


def test_every_setting_is_saved_shown_again_and_told_in_the_trail(cast: Cast) -> None:
    alice, url = client_of(cast.alice), f"/w/{cast.workspace.slug}/settings/"
    said = {
        "name": "Acme Ltd", "zone": "Asia/Tokyo", "locale": "ar", "default_country": "DE", "pii_policy": "ON_REQUEST",
        "retention_days": "90", "moderation": "on", "track_links": "on", "track_opens": "on",
    }  # fmt: skip
    assert alice.post(url, said).status_code == 302

    now = Workspace.objects.get(pk=cast.workspace.pk)
    kept = {
        "name": "Acme Ltd", "zone": "Asia/Tokyo", "locale": "ar", "default_country": "DE", "pii_policy": "ON_REQUEST",
        "retention_days": 90, "moderation": True, "track_links": True, "track_opens": True,
    }  # fmt: skip
    assert {name: getattr(now, name) for name in kept} == kept
    event = AuditEvent.objects.get(action="workspace.update")
    assert {name: new for name, (_old, new) in event.changes.items()} == kept
    page = text(alice, url)
    for value in ("Asia/Tokyo", "ar", "DE", "ON_REQUEST"):
        assert f'<option value="{value}" selected>' in page
    for name in ("moderation", "track_links", "track_opens"):
        assert re.search(rf'<input[^>]* name="{name}"[^>]* checked', page), name
    assert re.search(r'name="retention_days"[^>]* value="90"|value="90"[^>]* name="retention_days"', page)

    assert (
        alice.post(url, {"name": "Acme Ltd", "zone": "Mars/Olympus", "retention_days": "-1"}).status_code
        == 422
    )
    assert alice.post(url, {"name": "Acme Ltd", "zone": "UTC", "retention_days": "0"}).status_code == 302
    now.refresh_from_db()
    assert (now.moderation, now.track_links, now.track_opens, now.retention_days, now.default_country) == (
        False, False, False, 0, "",
    )  # fmt: skip
    assert client_of(cast.bob).post(url, said).status_code == 403
    assert client_of(cast.mallory).post(url, said).status_code == 404
