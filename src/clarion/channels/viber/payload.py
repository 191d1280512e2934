"""One Viber message as the transport gets it, and the body of its request."""

import re
from dataclasses import dataclass
from typing import Any

from clarion.channels.viber.config import Config
from clarion.channels.viber.content import MAX_LABEL, MAX_TEXT, MAX_URL

_NUMBER = re.compile(r"\+[1-9]\d{4,17}", re.ASCII)
_PICTURE = re.compile(r"https://[^\s\x00-\x1f]+")
_URL = re.compile(r"(?:https?|viber)://[^\s\x00-\x1f]+")

#: (has a text, has a picture, has a button) → `type` of a message that cannot be answered, and of one that can
#: (Viber business messages 11.3, `message types`).
TYPES: dict[tuple[bool, bool, bool], tuple[int, int]] = {
    (True, False, False): (206, 206),
    (False, True, False): (107, 207),
    (True, False, True): (109, 209),
    (True, True, True): (108, 208),
}
#: A text that advertises is a type of its own.
TEXT_PROMOTION = 225
#: Types that can be answered carry `tracking_data`; the others are refused with it.
TRACKED = frozenset({206, 207, 208, 209, TEXT_PROMOTION})


class Unsendable(ValueError):
    """The message cannot be sent to this recipient: a sentence."""


@dataclass(frozen=True, slots=True)
class Post:
    """A message to a number."""

    #: In E.164 with its plus.
    number: str
    text: str = ""
    image_url: str = ""
    button_label: str = ""
    button_url: str = ""


def build(*, address: str, text: str, image_url: str, button_label: str, button_url: str) -> Post:
    """Return the message. Raises Unsendable."""
    if not _NUMBER.fullmatch(address):
        raise Unsendable("The address is not a phone number.")
    if len(text) > MAX_TEXT:
        raise Unsendable(f"The text has {len(text):,} characters; Viber takes at most {MAX_TEXT:,}.")
    if (bool(text), bool(image_url), bool(button_label)) not in TYPES:
        raise Unsendable("The text, the picture or the button is empty for this recipient.")
    if image_url and (len(image_url) > MAX_URL or not _PICTURE.fullmatch(image_url)):
        raise Unsendable("The address of the picture does not begin with https://.")
    if button_label:
        if len(button_label) > MAX_LABEL:
            raise Unsendable(f"A button's label has at most {MAX_LABEL} characters.")
        if len(button_url) > MAX_URL or not _URL.fullmatch(button_url):
            raise Unsendable("The button's address does not begin with https:// or viber://.")
    return Post(address, text, image_url, button_label, button_url)


def body_of(post: Post, config: Config, *, own: str, number: int) -> dict[str, Any]:
    """Return the request. `own` are our ids, which come back with receipts; `number` counts the messages."""
    kind = _type(post, config)
    message: dict[str, str] = {}
    if post.text:
        message["#txt"] = post.text
    if post.image_url:
        message["#img"] = post.image_url
    if post.button_label:
        message |= {"#caption": post.button_label, "#action": post.button_url}
    if kind in TRACKED:
        message["#tracking_data"] = own
    return {
        "service_id": config.service_id, "dest": post.number.removeprefix("+"), "seq": number, "type": kind,
        "label": config.label, "ttl": config.ttl, "message": message,
    }  # fmt: skip


def _type(post: Post, config: Config) -> int:
    layout = (bool(post.text), bool(post.image_url), bool(post.button_label))
    if layout == (True, False, False) and config.label == "promotion":
        return TEXT_PROMOTION
    return TYPES[layout][1 if config.two_way else 0]
