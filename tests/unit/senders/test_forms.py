"""The set-up forms of all channels: what they call optional may be left out."""

import pytest

from clarion.channels import forms, registry
from clarion.channels.base import ConfigInvalid

WAYS = [(name, protocol) for name in registry.CHANNELS for protocol in (forms.protocols(name) or {"": ""})]


@pytest.mark.parametrize(("channel", "protocol"), WAYS)
def test_a_secret_that_a_new_sender_is_refused_without_is_not_called_optional(
    channel: str, protocol: str
) -> None:
    form = forms.setup_form(channel, protocol)
    try:
        registry.get(channel).check_config({"protocol": protocol} if protocol else {})
        lacking: set[str] = set()
    except ConfigInvalid as refusal:
        lacking = set(refusal.problems) & set(form.SECRET_FIELDS)

    assert set(form.NEEDED) == lacking
    assert all(getattr(form().fields[name], "is_needed", False) for name in form.NEEDED)
    assert not any(form(secrets_set=form.NEEDED).fields[name].is_needed for name in form.NEEDED)  # type: ignore[attr-defined]
