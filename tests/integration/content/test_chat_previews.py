"""What previews of chats and notifications show beside the words: pictures, files and buttons."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from clarion.campaigns.models import Step
from clarion.content import media, operations
from clarion.content.models import MediaFile
from clarion.senders.operations import create_sender
from clarion.workspaces.actors import of_member
from tests.factories import Cast, client_of
from tests.integration.campaigns.making import make_campaign
from tests.pictures import png

pytestmark = pytest.mark.django_db

PICTURE = "https://shop.example.com/sale.jpg"
WORDS = {"mode": "text", "subject": "", "source": "Spring is here"}


@pytest.fixture
def bob(cast: Cast) -> Client:
    return client_of(cast.bob)


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> None:
    settings.CLARION_HOME = tmp_path
    settings.CLARION_PUBLIC_URL = "http://testserver"


@pytest.fixture
def file(cast: Cast) -> MediaFile:
    return operations.store_media(by=of_member(cast.bob), file=io.BytesIO(png()), name="sale.png")


def checked(client: Client, channel: str, **fields: Any) -> str:
    """Return the preview beside the editor."""
    said = {**WORDS, "channel": channel, "preheader": "", "text": "", **fields}
    return client.post("/w/acme/templates/check/", said).content.decode()


def images(page: str) -> list[str]:
    return re.findall(r'<img class="[a-z_-]+" src="([^"]+)"', page)


@pytest.mark.parametrize(
    ("channel", "fields"),
    [
        ("viber", {"image_url": PICTURE, "button_label": "Shop", "button_url": "https://shop.example.com"}),
        ("whatsapp", {"attachment": "image", "media_url": PICTURE}),
        ("telegram", {"attachment": "photo", "media_url": PICTURE, "format": "plain"}),
        ("webpush", {"subject": "Spring", "image": PICTURE}),
    ],
)
def test_a_picture_is_shown(bob: Client, channel: str, fields: dict[str, str]) -> None:
    assert images(checked(bob, channel, **fields)) == [PICTURE]


def test_what_is_no_picture_or_cannot_be_shown_stands_as_its_address(bob: Client) -> None:
    video = checked(bob, "whatsapp", attachment="video", media_url="https://shop.example.com/a.mp4")
    plain = checked(bob, "whatsapp", attachment="image", media_url="http://shop.example.com/a.png")
    lacking = checked(bob, "viber", source="", image_url="https://shop.example.com/{{ sku }}.png")

    assert images(video) == images(plain) == images(lacking) == []
    assert "https://shop.example.com/a.mp4" in video
    assert "sound:hello-world" in checked(bob, "voice", source="", media_url="sound:hello-world")
    assert "http://shop.example.com/a.png" in plain
    assert "https://shop.example.com/[sku].png" in lacking


def test_buttons_are_shown_and_their_variables_are_counted(bob: Client) -> None:
    viber = checked(
        bob, "viber", button_label="Go to {{ city }}", button_url="https://example.com/{{ code }}"
    )
    telegram = checked(
        bob, "telegram", format="plain", buttons="Shop | https://example.com\nStop | https://example.com/stop"
    )

    assert '<span class="chat__button"><bdi>Go to [city]</bdi></span>' in viber
    assert "<code>code</code>" in viber
    assert re.findall(r'chat__button"><bdi>(\w+)<', telegram) == ["Shop", "Stop"]


def test_a_file_of_the_library_that_goes_along_is_shown(bob: Client, file: MediaFile) -> None:
    fields = {"format": "plain", "attached": file.key}

    assert images(checked(bob, "telegram", attachment="photo", **fields)) == [media.address_of(file)]
    document = checked(bob, "telegram", attachment="document", **fields)
    assert media.address_of(file) in document or "sale.png" in document


def test_a_picture_alone_is_a_message_where_the_channel_takes_one_and_nothing_is_none(
    cast: Cast, bob: Client
) -> None:
    campaign = make_campaign(cast.workspace)
    sender = create_sender(
        by=of_member(cast.alice),
        channel="viber",
        name="V",
        config={"token": "t" * 32, "source": "Shop", "service_id": "123"},
    )
    url = f"/w/acme/campaigns/{campaign.public_id}/edit/"
    said = {
        "name": "A", "audience": "CONTACTS", "sender": str(sender.public_id), "content": "own", "mode": "text",
        "source": "", "extras_of": "viber", "launch": "NOW", "zone": "UTC", "delay_min": "0", "delay_max": "0",
    }  # fmt: skip

    bob.post(url, said)
    nothing = campaign.steps.get().body_source
    bob.post(url, {**said, "extra_image_url": PICTURE})

    assert not nothing
    assert campaign.steps.get().body_content["image_url"] == PICTURE
    assert images(bob.get(url).content.decode()) == [PICTURE]
    assert "It cannot be sent like this" in checked(bob, "viber", source="")
    assert "It cannot be sent like this" in checked(bob, "sms", source="")


def test_pages_with_a_preview_let_its_picture_in_and_others_do_not(cast: Cast, bob: Client) -> None:
    source = {**WORDS, "extras": {"image_url": PICTURE}, "source": ""}
    template = operations.create_template(by=of_member(cast.bob), channel="viber", name="A", source=source)
    campaign = make_campaign(cast.workspace)
    Step.objects.create(campaign=campaign, channel="viber", template_version=template.versions.get())
    compose = f"/w/acme/campaigns/{campaign.public_id}/edit/"
    versions = f"/w/acme/templates/{template.public_id}/versions/"

    for path in (compose, f"{versions}1/"):
        answer = bob.get(path)
        assert images(answer.content.decode()) == [PICTURE]
        assert "https:" in policy(answer, "img-src")
        assert policy(answer, "script-src") == ["'self'"]
        assert client_of(cast.mallory).get(path).status_code == 404
    assert "Viber" in bob.get(compose).content.decode()
    assert "No subject yet" not in bob.get(compose).content.decode()
    assert policy(bob.get(versions), "img-src") == ["'self'"]


def policy(answer: Any, directive: str) -> list[str]:
    """Return the sources that the answer's policy allows for a kind of thing."""
    parts = [part.split() for part in answer["Content-Security-Policy"].split(";")]
    return next(part[1:] for part in parts if part and part[0] == directive)
