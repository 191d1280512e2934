"""Who belongs to a workspace: invitations that only the invited can use, and always an owner."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from clarion.workspaces import audit, operations, queries, trail
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import InvitationVoid, MemberRefused, NotAllowed, WorkspaceInvalid
from clarion.workspaces.models import AuditEvent, Invitation, Membership, User
from clarion.workspaces.permissions import Role
from tests.factories import PASSWORD, Cast, make_cast, make_user


def invited(cast: Cast, email: str = "new@example.test", role: Role = Role.AUTHOR) -> str:
    """Return the secret of an invitation to Acme."""
    _invitation, secret = operations.invite(by=of_member(cast.alice), email=email, role=role)
    return secret


class TestInvitations:
    def test_somebody_new_makes_an_account_and_belongs(self, cast: Cast) -> None:
        secret = invited(cast, " New@Example.test ")
        member = operations.join_as_new(secret=secret, name="Nia", password=PASSWORD)

        assert (member.role, member.user.email, member.workspace) == (
            "AUTHOR",
            "new@example.test",
            cast.workspace,
        )
        assert member.user.check_password(PASSWORD)
        assert not Invitation.objects.exists()
        trail = AuditEvent.objects.filter(object_kind="member").order_by("number")
        assert [(event.action, event.actor_name) for event in trail] == [
            ("member.invite", "alice"), ("member.join", "Nia"),
        ]  # fmt: skip
        assert audit.first_broken(cast.workspace) is None

    def test_a_link_is_good_once_and_for_one_person(self, cast: Cast) -> None:
        secret = invited(cast, cast.mallory.user.email)
        with pytest.raises(InvitationVoid, match="for mallory"):
            operations.accept_invitation(secret=secret, user=make_user())
        with pytest.raises(InvitationVoid, match="sign in"):
            operations.join_as_new(secret=secret, name="Not Mallory", password=PASSWORD)
        operations.accept_invitation(secret=secret, user=cast.mallory.user)
        with pytest.raises(InvitationVoid):
            operations.accept_invitation(secret=secret, user=cast.mallory.user)
        assert Membership.objects.filter(workspace=cast.workspace, user=cast.mallory.user).count() == 1

    def test_old_withdrawn_and_replaced_links_are_void(self, cast: Cast) -> None:
        first = invited(cast)
        second = invited(cast)
        assert queries.open_invitation(first) is None
        assert queries.open_invitation(second) is not None
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        with pytest.raises(InvitationVoid):
            operations.join_as_new(secret=second, name="Late", password=PASSWORD)
        third = invited(cast)
        operations.withdraw_invitation(by=of_member(cast.alice), invitation=Invitation.objects.get())
        with pytest.raises(InvitationVoid):
            operations.join_as_new(secret=third, name="Late", password=PASSWORD)
        assert not User.objects.filter(email="new@example.test").exists()

    def test_the_secret_is_kept_nowhere(self, cast: Cast) -> None:
        secret = invited(cast)
        assert secret not in repr(list(Invitation.objects.values())) + repr(list(AuditEvent.objects.values()))

    def test_who_cannot_be_invited_is_said(self, cast: Cast) -> None:
        with pytest.raises(MemberRefused, match="belongs"):
            invited(cast, cast.bob.user.email)
        with pytest.raises(WorkspaceInvalid):
            invited(cast, "nobody")


class TestRoles:
    def test_only_owners_make_and_touch_owners(self, cast: Cast) -> None:
        admin = operations.change_role(by=of_member(cast.alice), membership=cast.bob, role=Role.ADMIN)
        by = of_member(admin)
        for forbidden in (
            lambda: operations.invite(by=by, email="x@example.test", role=Role.OWNER),
            lambda: operations.change_role(by=by, membership=cast.vera, role=Role.OWNER),
            lambda: operations.change_role(by=by, membership=cast.alice, role=Role.VIEWER),
            lambda: operations.suspend(by=by, membership=cast.alice),
            lambda: operations.remove_member(by=by, membership=cast.alice),
        ):
            with pytest.raises(NotAllowed):
                forbidden()
        assert operations.change_role(by=by, membership=cast.vera, role=Role.MODERATOR).role == "MODERATOR"

    def test_the_last_owner_stays_one(self, cast: Cast) -> None:
        by = of_member(cast.alice)
        with pytest.raises(MemberRefused, match="last owner"):
            operations.change_role(by=by, membership=cast.alice, role=Role.ADMIN)
        with pytest.raises(MemberRefused, match="last owner"):
            operations.remove_member(by=by, membership=cast.alice)
        second = operations.change_role(by=by, membership=cast.bob, role=Role.OWNER)
        operations.suspend(by=by, membership=second)
        with pytest.raises(MemberRefused, match="last owner"):
            operations.remove_member(by=by, membership=cast.alice)
        operations.reinstate(by=by, membership=second)
        operations.remove_member(by=by, membership=cast.alice)
        assert [one.user.name for one in queries.members_for(second)] == ["bob", "vera"]

    def test_whoever_is_suspended_finds_nothing_until_they_are_let_in(self, cast: Cast) -> None:
        by = of_member(cast.alice)
        operations.suspend(by=by, membership=cast.bob, reason="On leave")
        assert queries.memberships_for(cast.bob.user) == []
        operations.reinstate(by=by, membership=cast.bob)
        assert queries.membership_for(cast.bob.user, "acme") == cast.bob
        with pytest.raises(MemberRefused, match="themselves"):
            operations.suspend(by=by, membership=cast.alice)

    def test_who_may_not_manage_may_only_leave(self, cast: Cast) -> None:
        by = of_member(cast.vera)
        for forbidden in (
            lambda: operations.invite(by=by, email="x@example.test", role=Role.VIEWER),
            lambda: operations.change_role(by=by, membership=cast.vera, role=Role.ADMIN),
            lambda: operations.suspend(by=by, membership=cast.bob),
            lambda: operations.remove_member(by=by, membership=cast.bob),
        ):
            with pytest.raises(NotAllowed):
                forbidden()
        operations.remove_member(by=by, membership=cast.vera)
        assert queries.membership_for(cast.vera.user, "acme") is None

    def test_their_addresses_in_the_trail_are_for_those_who_manage_them(self, cast: Cast) -> None:
        by = of_member(cast.alice)
        moderator = operations.change_role(by=by, membership=cast.bob, role=Role.MODERATOR)
        operations.suspend(by=by, membership=cast.vera)

        def told(member: Membership, words: str = "") -> list[str]:
            filters = trail.Filters(kind="member", words=words)
            rows = [*trail.events_for(member, filters).rows, *trail.all_events_for(member, filters)]
            return [one.object_name + one.object_id for one in rows]

        assert {*told(cast.alice)} == {"bob@example.test" * 2, "vera@example.test" * 2}
        assert {*told(moderator)} == {"b…", "v…"}
        assert (told(moderator, "vera@"), told(moderator, "Vera@example.test")) == ([], ["v…"] * 2)

    def test_a_stranger_reaches_no_member(self, cast: Cast) -> None:
        by = of_member(cast.mallory)
        with pytest.raises(MemberRefused):
            operations.remove_member(by=by, membership=cast.bob)
        with pytest.raises(MemberRefused):
            operations.change_role(by=by, membership=cast.bob, role=Role.VIEWER)
        assert queries.member_for(cast.mallory, cast.bob.public_id) is None


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_remove_each_other_at_once_leave_one() -> None:
    cast = make_cast()
    second = operations.change_role(by=of_member(cast.alice), membership=cast.bob, role=Role.OWNER)
    start = threading.Barrier(2)

    def remove(by: Membership, whom: Membership) -> None:
        start.wait()
        try:
            operations.remove_member(by=of_member(by), membership=whom)
        except MemberRefused:
            pass
        finally:
            connection.close()

    pairs = [(cast.alice, second), (second, cast.alice)]
    threads = [threading.Thread(target=remove, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Membership.objects.filter(workspace=cast.workspace, role=Role.OWNER).count() == 1
