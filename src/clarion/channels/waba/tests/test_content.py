"""What may be written for an approved template, and what a setting may be."""

import json
from typing import Any

import pytest

from clarion.channels.base import ConfigInvalid
from clarion.channels.waba import CHANNEL, config, content, limits, matching, shapes
from clarion.channels.waba.tests.making import make_content, make_message, make_settings, make_shape
from clarion.channels.waba.tests.server import template
from clarion.engine.messages import RenderFailed


@pytest.mark.parametrize(
    ("source", "approved", "values"),
    [
        ("Hi {{ name }}!", "Hi {{1}}!", ["{{ name }}"]),
        ("{{ a|default('x y') }} {{ b }}", "{{1}} {{2}}", ["{{ a|default('x y') }}", "{{ b }}"]),
        ("Hi dear friend, bye", "Hi {{first_name}}, bye", ["dear friend"]),
        (
            "Hi {% if vip %}Dr {{ n }}{% endif %} {{ last }}.", "Hi {{1}} {{2}}.",
            ["{% if vip %}Dr {{ n }}{% endif %}", "{{ last }}"],
        ),
        ("Nothing to fill in", "Nothing to fill in", []),
        ("  Code {{ c }}1 ", "Code {{1}}1", ["{{ c }}"]),
        ("a\n{{ x }}\nb", "a\n{{1}}\nb", ["{{ x }}"]),
    ],
)  # fmt: skip
def test_values_are_what_stands_in_the_places(source: str, approved: str, values: list[str]) -> None:
    assert matching.values_of(source, approved) == values


@pytest.mark.parametrize(
    ("source", "approved", "piece"),
    [
        ("Hello {{ n }}!", "Hi {{1}}!", "“Hi” is not where it was"),
        ("Hi {{ n }}", "Hi {{1}}!", "“!” is not"),
        ("Hi !", "Hi {{1}}!", "“!” is not"),
        ("Hi {{ a }} {{ b }}!", "Hi {{1}} and {{2}}!", "“and” is not"),
        ("Fixed and more", "Fixed", "Nothing can stand after"),
    ],
)
def test_a_text_that_differs_from_the_approved_one_is_refused_with_the_place(
    source: str, approved: str, piece: str
) -> None:
    with pytest.raises(matching.Differs) as refusal:
        matching.values_of(source, approved)
    assert piece in str(refusal.value)


def test_what_an_author_begins_with_can_be_saved_as_it_is() -> None:
    for one in (
        template(),
        template(components=[{"type": "BODY", "text": "Hi {{first_name}}!"}], parameter_format="NAMED"),
        template(
            components=[
                {"type": "HEADER", "format": "DOCUMENT"},
                {"type": "BODY", "text": "Your code is {{1}}."},
                {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "text": "Copy"}]},
            ]
        ),
    ):
        shape, problem = shapes.shape_of(one)
        begun = content.new_source(shape)
        given = {**begun["extras"], "text": begun["source"], "subject": begun["subject"]}
        checked = CHANNEL.check_content(given)

        assert problem == ""
        assert CHANNEL.check_content(checked) == checked
        assert CHANNEL.follows(checked, shape | {"category": "MARKETING"})
        assert not CHANNEL.follows(checked, shape | {"footer": "changed"})
        assert json.loads(begun["extras"]["provider_template"]) == shape


def test_media_named_values_and_codes_go_as_the_api_has_them() -> None:
    shape = make_shape(
        parameter_format="NAMED",
        components=[
            {"type": "HEADER", "format": "DOCUMENT"},
            {"type": "BODY", "text": "Hi {{first_name}}!"},
            {
                "type": "BUTTONS",
                "buttons": [{"type": "QUICK_REPLY", "text": "Stop"}, {"type": "COPY_CODE", "text": "Copy"}],
            },
        ],
    )  # fmt: skip
    message = make_message(
        variables={"first_name": "Ada", "order": "7"}, provider_template=shape, text="Hi {{ first_name }}!", subject="",
        media_url="https://shop.example/{{ order }}.pdf", file_name="invoice.pdf", buttons="SAVE{{ order }}",
    )  # fmt: skip

    assert json.loads(message.payload.body)["template"]["components"] == [
        {
            "type": "header", "parameters": [
                {"type": "document", "document": {"link": "https://shop.example/7.pdf", "filename": "invoice.pdf"}}
            ],
        },
        {"type": "body", "parameters": [{"type": "text", "text": "Ada", "parameter_name": "first_name"}]},
        {
            "type": "button", "sub_type": "copy_code", "index": "1",
            "parameters": [{"type": "coupon_code", "coupon_code": "SAVE7"}],
        },
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"provider_template": ""}, "text"),
        ({"provider_template": '{"name": "x"}'}, "text"),
        ({"provider_template": "[[["}, "text"),
        ({"text": "Something else"}, "text"),
        ({"text": "Hi {{ a, your order is on its way to {{ b }}."}, "text"),
        ({"subject": ""}, "subject"),
        ({"subject": "The order {{ n }}"}, "subject"),
        ({"buttons": ""}, "buttons"),
        ({"buttons": "1\n2"}, "buttons"),
        ({"buttons": "{{ x"}, "buttons"),
        ({"media_url": "https://shop.example/x.jpg"}, "media_url"),
        ({"html": "<p>x</p>"}, "html"),
    ],
    ids=str,
)
def test_what_does_not_fit_the_template_is_told_at_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigInvalid) as refusal:
        CHANNEL.check_content(make_content(**changes))
    assert list(refusal.value.problems) == [field]


@pytest.mark.parametrize("url", ["", "http://shop.example/x.jpg", "ftp://x"])
def test_media_needs_an_address_that_whatsapp_can_fetch(url: str) -> None:
    shape = make_shape(components=[{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Hi"}])
    with pytest.raises(ConfigInvalid) as refusal:
        CHANNEL.check_content({"provider_template": shape, "text": "Hi", "media_url": url})
    assert list(refusal.value.problems) == ["media_url"]


@pytest.mark.parametrize(
    ("variables", "piece"),
    [({"first_name": "\n\t "}, "empty"), ({"city": "x" * 1025}, "longer")],
)
def test_a_value_that_whatsapp_refuses_fails_before_it_is_sent(variables: dict[str, Any], piece: str) -> None:
    with pytest.raises(RenderFailed, match=piece):
        make_message(variables=variables)


@pytest.mark.parametrize(
    ("components", "piece"),
    [
        ([{"type": "BODY", "text": "x"}, {"type": "LIMITED_TIME_OFFER"}], "limited time offer"),
        ([{"type": "BODY", "text": "x"}, {"type": "HEADER", "format": "LOCATION"}], "location"),
        ([{"type": "BODY", "text": "x"}, {"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "Go"}]}], "flow"),
        ([{"type": "BODY", "text": "{{1}}{{2}}"}], "side by side"),
        ([{"type": "BODY", "text": "{% x %}"}], "braces"),
        ([], "no text"),
    ],
)  # fmt: skip
def test_what_cannot_be_filled_in_here_says_so(components: list[dict[str, Any]], piece: str) -> None:
    assert piece in shapes.shape_of(template(components=components))[1]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"access_token": ""}, "access_token"), ({"access_token": "two words"}, "access_token"),
        ({"phone_number_id": "+1555"}, "phone_number_id"), ({"business_account_id": ""}, "business_account_id"),
        ({"api_url": "http://graph.example"}, "api_url"), ({"api_version": "24"}, "api_version"),
        ({"connections": 0}, "connections"), ({"source": "a\nb"}, "source"),
    ],
    ids=str,
)  # fmt: skip
def test_a_bad_setting_is_told_at_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigInvalid) as refusal:
        make_settings(**changes)
    assert list(refusal.value.problems) == [field]


def test_a_url_says_everything_and_what_was_checked_stays() -> None:
    given = CHANNEL.config_from_url(
        "waba://EAA%2Fx@106540352242922?business_account_id=102290129", "+1 555 0100"
    )
    checked = CHANNEL.check_config(given)

    assert (checked["access_token"], checked["phone_number_id"]) == ("EAA/x", "106540352242922")
    assert (checked["business_account_id"], checked["source"]) == ("102290129", "+1 555 0100")
    assert CHANNEL.check_config(checked) == checked
    assert (
        config.config_from_url("waba+http://t@127.0.0.1:81?phone_number_id=1")["api_url"]
        == "http://127.0.0.1:81"
    )
    for bad in ("waba://", "https://x@1", "waba://t@1?surprise=1"):
        with pytest.raises(ConfigInvalid):
            CHANNEL.config_from_url(bad, "")


@pytest.mark.parametrize(
    ("told", "people"),
    [
        ("TIER_2K", 2000), ("TIER_UNLIMITED", 0), (-1, 0), ("250", 250), (10_000, 10_000), ("TIER_X", None),
        (None, None), (True, None),
    ],
)  # fmt: skip
def test_a_tier_is_so_many_people_a_day(told: Any, people: int | None) -> None:
    assert limits.per_day(told) == people
