"""Telling webhooks inside a test: what the process of the background jobs does, one request after another."""

import secrets
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from clarion.deliveries.telling import filling
from clarion.lib.reach import Reach
from clarion.runtime.telling import gather
from clarion.webhooks import operations
from clarion.webhooks.answers import Answer
from clarion.webhooks.models import Endpoint
from clarion.webhooks.sending import post_now
from clarion.workspaces.actors import of_member
from clarion.workspaces.models import Membership

HERE = Reach.of("127.0.0.1")


def endpoint(member: Membership, url: str, kinds: Collection[str], **rest: Any) -> tuple[Endpoint, str]:
    """Return an endpoint of the member's, with its secret."""
    return operations.create_endpoint(by=of_member(member), url=url, kinds=kinds, **rest)


def tell(reach: Reach = HERE) -> list[Answer]:
    """Put what happened into lines and post all that is due, and return what came of it."""
    while gather():
        pass
    answers: list[Answer] = []
    while (request := operations.take(secrets.token_hex(8))) is not None:
        now = request
        while True:
            body = filling.body_of(now.body, with_addresses=now.with_addresses)
            answers.append(post_now(replace(now, body=body), reach))
            operations.settle(now, answers[-1])
            following = operations.next_of(now)
            if following is None:
                break
            now = following
    return answers
