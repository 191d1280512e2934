"""What a sender's own settings allow, whatever its channel could do."""

import pytest

from clarion.channels import registry
from clarion.channels.base import confirms_answers, misfit, reports_delivery
from clarion.deliveries import confirming

KANNEL = {
    "protocol": "http",
    "receipts": "all",
    "parameters": "dlr-url={callback}",
    "callback_states": "1=delivered",
}


@pytest.mark.parametrize(
    ("channel", "config", "expected"),
    [
        ("sms", {"receipts": "all"}, True),
        ("sms", {}, False),  # an SMPP sender asks for none unless it says so
        ("sms", {"receipts": "failures"}, False),
        ("sms", {"protocol": "twilio", "receipts": "all"}, True),
        ("sms", {"protocol": "twilio", "receipts": "none"}, False),
        ("sms", KANNEL, True),
        ("sms", KANNEL | {"receipts": "none"}, False),
        ("sms", KANNEL | {"callback_states": "2=bounced_soft"}, False),
        ("sms", KANNEL | {"parameters": "to={to}"}, False),
        ("sms", KANNEL | {"parameters": "to={to}", "id_from": "json:id"}, True),
        ("whatsapp", {"receipts": "none"}, False),
        ("viber", {"receipts": "all"}, True),
        ("waba", {}, True),
        ("email", {}, False),
    ],
)
def test_whether_silence_means_anything_is_the_senders_matter(
    channel: str, config: dict[str, str], expected: bool
) -> None:
    assert reports_delivery(registry.get(channel), config) is expected


def test_a_sound_of_an_exchange_fits_no_provider_on_the_web() -> None:
    voice = registry.get("voice")

    assert misfit(voice, {"media_url": "sound:hello"}, {"protocol": "twilio"})
    assert not misfit(voice, {"media_url": "sound:hello"}, {"protocol": "ari"})
    assert not misfit(voice, {"media_url": "https://x.example/a.wav"}, {"protocol": "twilio"})


@pytest.mark.parametrize("channel", sorted(registry.CHANNELS))
def test_a_channel_that_confirms_answers_takes_a_plain_text(channel: str) -> None:
    found = registry.get(channel)

    if confirms_answers(found):
        assert found.check_content(confirming._CONTENT)["text"] == "{{ confirmation }}"
