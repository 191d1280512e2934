"""What a new template begins with, by the way it is written."""

from __future__ import annotations

import json

from django.utils.translation import gettext as _

from clarion.channels import registry
from clarion.channels.looks import Look, look_of
from clarion.content.blocks import STYLE

_SOURCES = {
    "html": '<!doctype html>\n<html>\n<body>\n  <h1>Hello {{ first_name|default("there") }},</h1>\n  <p>…</p>\n'
    '  <p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>\n</body>\n</html>\n',
    "mjml": "<mjml>\n  <mj-body>\n    <mj-section>\n      <mj-column>\n"
    '        <mj-text font-size="16px">Hello {{ first_name|default("there") }},</mj-text>\n'
    '        <mj-button href="https://example.com/">…</mj-button>\n'
    '        <mj-text><a href="{{ unsubscribe_url }}">Unsubscribe</a></mj-text>\n'
    "      </mj-column>\n    </mj-section>\n  </mj-body>\n</mjml>\n",
    "markdown": '# Hello {{ first_name|default("there") }}\n\n…\n\n[Unsubscribe]({{ unsubscribe_url }})\n',
    "text": 'Hello {{ first_name|default("there") }},\n\n…\n\nUnsubscribe: {{ unsubscribe_url }}\n',
}


def look(channel: str) -> Look:
    """Return how a channel's messages are written."""
    return look_of(registry.get(channel))


def starters(channel: str) -> dict[str, str]:
    """Return {mode: source} for the modes of a channel, the one to begin with first. Chats begin empty."""
    found = look(channel)
    if not found.has_subject:
        return dict.fromkeys(found.modes, "")
    return {mode: _blocks() if mode == "blocks" else _SOURCES[mode] for mode in found.modes}


def _blocks() -> str:
    made = [
        {
            "type": "heading",
            "text": _("Hello {{ first_name|default('there') }}"),
            "level": 1,
            "align": "start",
        },
        {"type": "text", "text": "…", "align": "start"},
        {"type": "footer", "text": "", "unsubscribe": _("Unsubscribe"), "align": "center"},
    ]
    return json.dumps({"blocks": made, "style": STYLE}, ensure_ascii=False, indent=1)
