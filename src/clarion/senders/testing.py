"""Trying a sender: its credentials, and one message outside of any campaign."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.conf import settings
from django.utils.translation import gettext as _

from clarion.channels import registry, tongues
from clarion.channels.base import CheckResult, ConfigInvalid, StepContext
from clarion.engine.messages import Claim, RenderFailed
from clarion.engine.outcomes import Outcome, Reason, Refused, Scope, Unknown
from clarion.lib import phones
from clarion.senders import secrets
from clarion.senders.models import Sender
from clarion.workspaces import spelling
from clarion.workspaces.actors import Actor
from clarion.workspaces.permissions import Permission

T = TypeVar("T")

#: Seconds for a whole check or test message, so that a web request ends.
TIME_LIMIT = 25.0

#: Ids of no run and no delivery: a test message's links and bounces lead to nobody.
_NO_RUN, _NO_DELIVERY = 0, 0


def check_credentials(sender: Sender, *, by: Actor) -> CheckResult:
    """Connect and sign in without sending. Raises NotAllowed, SecretsLost."""
    by.require(Permission.MANAGE_SENDERS)
    config = secrets.open_config(sender) | {"hook_url": secrets.hook_url(sender)}
    return check_config(sender.channel, config)


def check_config(channel: str, config: Mapping[str, Any]) -> CheckResult:
    """The same for settings that are not saved yet. `config` has been checked and holds its secrets."""
    try:
        return in_time(lambda: registry.get(channel).check_credentials(config))
    except TimeoutError:
        return CheckResult(
            ok=False,
            problem=_("There was no answer within %(n)s seconds.") % {"n": spelling.number(TIME_LIMIT)},
        )


def send_test(
    sender: Sender, content: Mapping[str, Any], address: str, variables: Mapping[str, Any], *, by: Actor
) -> Outcome:
    """Send one message through the sender's real composer and transport, and return what became of it.

    It belongs to no campaign, is not counted, and takes no part in limits. A paused or blocked sender can be
    tested, which is how one sees that it is mended. Raises NotAllowed, SecretsLost, and ConfigInvalid for a bad
    address or content.
    """
    by.require(Permission.EDIT)
    channel = registry.get(sender.channel)
    config = secrets.ready_config(sender)
    try:
        if channel.address_kind == "phone":
            address = phones.e164(address, by.workspace.default_country)
        else:
            address = channel.normalise_address(address)
    except ValueError as error:
        raise ConfigInvalid({"address": str(error)}) from None
    context = StepContext(
        workspace_id=sender.workspace_id,
        run_id=_NO_RUN,
        campaign_public_id=f"test-{sender.public_id}",
        public_url=settings.CLARION_PUBLIC_URL,
        token_key=settings.SECRET_KEY.encode(),
    )
    claim = Claim(run_id=_NO_RUN, delivery_id=_NO_DELIVERY, attempt=1, address=address, variables=variables)
    try:
        message = tongues.composer(channel, content, config, context).compose(claim)
    except RenderFailed as error:
        return Refused(reason=Reason.RENDER_FAILED, scope=Scope.MESSAGE, detail=str(error)[:200])
    handed_over: list[bool] = []

    async def send() -> Outcome:
        transport = channel.transport(config)
        try:
            return await transport.send(message, lambda: handed_over.append(True))
        finally:
            await transport.aclose()

    try:
        return in_time(send, float(getattr(channel, "test_seconds", TIME_LIMIT)))
    except TimeoutError:
        if handed_over:
            return Unknown(reason=Reason.TIMED_OUT)
        return Refused(reason=Reason.TIMED_OUT, scope=Scope.MESSAGE)


def in_time(make: Callable[[], Coroutine[Any, Any, T]], seconds: float | None = None) -> T:
    """Run a coroutine on a loop in a thread of its own, whatever loop this thread has. Raises TimeoutError."""

    async def bounded() -> T:
        return await asyncio.wait_for(make(), TIME_LIMIT if seconds is None else seconds)

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="sender-test") as pool:
        return pool.submit(asyncio.run, bounded()).result()
