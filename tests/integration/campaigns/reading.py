"""Get at pages, and read what they say."""

import re
from typing import Any

from django.test import Client

from clarion.campaigns.models import Campaign
from clarion.workspaces.models import Membership


def signed_in(member: Membership) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(member.user)
    return client


def base(member: Membership) -> str:
    return f"/w/{member.workspace.slug}/"


def url(campaign: Campaign, tail: str = "") -> str:
    return f"/w/{campaign.workspace.slug}/campaigns/{campaign.public_id}/{tail}"


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))
