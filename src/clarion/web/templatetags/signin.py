"""What the pages of signing in say of the installation: who vouches for people, and whether mails are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount
from django import template
from django.urls import reverse

from clarion.senders.system import operations as system
from clarion.workspaces.models import User

register = template.Library()


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A provider of single sign-on, and where a form that leads there is sent."""

    name: str
    url: str


@register.simple_tag(takes_context=True)
def sign_in_providers(context: dict[str, Any]) -> list[Way]:
    """`{% sign_in_providers as providers %}`: those that are switched on, in the order of their names."""
    apps = get_adapter().list_apps(context["request"])
    return [
        Way(name=app.name, url=reverse("openid_connect_login", kwargs={"provider_id": app.provider_id}))
        for app in apps
    ]


@register.simple_tag
def writes_mails() -> bool:
    """`{% writes_mails as has_sender %}`: whether there is a system sender."""
    return system.has_sender()


@register.simple_tag(takes_context=True)
def vouched_by(context: dict[str, Any], user: User) -> list[str]:
    """`{% vouched_by user as names %}`: the providers by which the person has come in."""
    names = {app.provider_id: app.name for app in get_adapter().list_apps(context["request"])}
    found = SocialAccount.objects.filter(user=user).order_by("pk").values_list("provider", flat=True)
    return [names.get(provider, provider) for provider in found]
