"""Makes configs, contents, messages and calls for the tests."""

import hmac
import json
from typing import Any

from clarion.channels.base import HookRequest, StepContext
from clarion.channels.waba import config, content, shapes
from clarion.channels.waba.composer import Composer
from clarion.channels.waba.tests.server import (
    ACCOUNT_ID,
    APP_SECRET,
    NUMBER_ID,
    TOKEN,
    VERIFY_TOKEN,
    template,
)
from clarion.channels.waba.transport import Transport
from clarion.engine.messages import Claim, Message

CONTEXT = StepContext(
    workspace_id=1,
    run_id=3,
    campaign_public_id="c",
    public_url="https://clarion.example",
    token_key=b"k" * 32,
)
TEXT = "Hi {{ first_name|default('friend') }}, your order is on its way to {{ city|default('you') }}."
NUMBER = "+4915112345678"


def make_settings(**changes: Any) -> dict[str, Any]:
    """Return checked settings, their secrets included."""
    given = {
        "access_token": TOKEN, "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN,
        "phone_number_id": NUMBER_ID, "business_account_id": ACCOUNT_ID, "source": "+1 555-0100",
        "connect_timeout": 30, "response_timeout": 30,
    }  # fmt: skip
    return config.check(given | changes)


def make_transport(port: int, **changes: Any) -> Transport:
    """Return a transport to a server on this machine."""
    return Transport(config.Config.of(make_settings(api_url=f"http://127.0.0.1:{port}", **changes)))


def make_shape(**changes: Any) -> dict[str, Any]:
    """Return the shape of a template."""
    return shapes.shape_of(template(**changes))[0]


def make_content(**changes: Any) -> dict[str, Any]:
    """Return what a library template gives to the channel, unchecked."""
    return {
        "provider_template": make_shape(), "text": TEXT, "subject": "Order {{ order|default('1') }}",
        "buttons": "{{ order|default('1') }}",
    } | changes  # fmt: skip


def make_message(
    address: str = NUMBER, variables: dict[str, Any] | None = None, attempt: int = 1, **changes: Any
) -> Message:
    """Return a message as the composer makes it."""
    claim = Claim(run_id=3, delivery_id=48, attempt=attempt, address=address, variables=variables or {})
    return Composer(checked=content.check(make_content(**changes)), context=CONTEXT).compose(claim)


def call(told: Any, *, secret: str = APP_SECRET, signature: str | None = None) -> HookRequest:
    """Return a call of Meta's, signed."""
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    signed = "sha256=" + hmac.new(secret.encode(), body, "sha256").hexdigest()
    headers = {"x-hub-signature-256": signed if signature is None else signature}
    return HookRequest(method="POST", body=body, headers=headers)


def entries(*values: dict[str, Any], field: str = "messages", account: str = ACCOUNT_ID) -> dict[str, Any]:
    """Return what Meta gathers in one call: an entry for each value."""
    return {
        "object": "whatsapp_business_account",
        "entry": [
            {"id": account, "time": 1_790_000_000, "changes": [{"field": field, "value": value}]} for value in values
        ],
    }  # fmt: skip


def value(**facts: Any) -> dict[str, Any]:
    """Return the value of a change of the field “messages”."""
    metadata = {"display_phone_number": "15550100", "phone_number_id": NUMBER_ID}
    return {"messaging_product": "whatsapp", "metadata": metadata, **facts}


def status(name: str, reference: str = "3.48", **facts: Any) -> dict[str, Any]:
    """Return a status of a message."""
    return {
        "id": "wamid.HBgLMTU1NTAxMDAVAgARGBI", "status": name, "timestamp": "1790000000",
        "recipient_id": "4915112345678", "biz_opaque_callback_data": reference, **facts,
    }  # fmt: skip
