"""The first start makes an owner, once."""

import pytest
from django.contrib.auth.hashers import check_password
from pytest_django import Settings

from clarion.runtime import first_start
from clarion.settings import PASSWORD_HASHERS
from clarion.workspaces.models import User
from clarion.workspaces.permissions import Permission

pytestmark = pytest.mark.django_db


def test_makes_an_owner_who_can_sign_in_and_may_do_everything(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = PASSWORD_HASHERS

    made = first_start.prepare()

    assert made is not None
    user = User.objects.get(email=made.email)
    assert check_password(made.password, user.password)
    assert user.password.startswith("argon2")
    assert all(user.memberships.first().may(permission) for permission in Permission)


def test_does_nothing_when_there_is_somebody() -> None:
    first_start.prepare()

    assert first_start.prepare() is None
    assert User.objects.count() == 1
