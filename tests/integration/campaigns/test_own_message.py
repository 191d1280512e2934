"""A campaign's own message on the compose page: every way of writing, languages, defaults, files, templates."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from clarion.campaigns import operations
from clarion.campaigns.models import Campaign, Step
from clarion.content import operations as content
from clarion.content.models import Template
from clarion.web import template_starters as starters
from clarion.workspaces.models import Membership
from tests.integration.campaigns import making
from tests.integration.campaigns.reading import base, signed_in, url, words

pytestmark = pytest.mark.django_db

MARKDOWN = "# Hello {{ first_name }}\n\n[out]({{ unsubscribe_url }})"
BLOCKS = json.dumps({"blocks": [{"type": "heading", "text": "Spring is here"}]})


@pytest.fixture
def campaign(member: Membership) -> Campaign:
    return making.make_campaign(member.workspace, name="Spring")


def saying(member: Membership, **changes: Any) -> dict[str, Any]:
    """Return what the compose form posts of a mail, each field of its message."""
    sender = member.workspace.sender_set.first() or making.make_sender(member.workspace)
    return {
        "name": "Spring", "tags": "", "notes": "", "audience": "CONTACTS", "sender": str(sender.public_id),
        "content": "own", "extras_of": "email", "subject": "Hi", "preheader": "", "mode": "markdown",
        "source": MARKDOWN,
        "text": "", "edited": "", "language": "", "defaults": "", "launch": "NOW", "zone": "Europe/Berlin",
        "delay_min": "0", "delay_max": "0", "rate_limit": "",
    } | changes  # fmt: skip


def own(campaign: Campaign) -> Step:
    return Campaign.objects.get(pk=campaign.pk).steps.get()


def add_german(client: Client, member: Membership, campaign: Campaign) -> None:
    said = saying(member, do="language-add", first_language="en", new_language="DE")
    answer = client.post(url(campaign, "edit/"), said)
    assert answer["Location"].endswith("?language=de#message")


class TestWaysOfWriting:
    @pytest.mark.parametrize(
        ("mode", "source", "shown"),
        [("blocks", BLOCKS, "Spring is here"), ("markdown", "# **Bold**", "<strong>Bold</strong>")],
    )
    def test_each_becomes_a_mail(
        self, client: Client, member: Membership, campaign: Campaign, mode: str, source: str, shown: str
    ) -> None:
        client.post(url(campaign, "edit/"), saying(member, mode=mode, source=source))

        assert shown in own(campaign).body_content["html"]
        assert shown in client.get(url(campaign, "preview/frame/")).content.decode()

    def test_a_beginning_that_nobody_touched_is_no_message(
        self, client: Client, member: Membership, campaign: Campaign
    ) -> None:
        page = client.get(url(campaign, "edit/")).content.decode()
        assert 'value="blocks" id="id_mode_0" checked' in page.replace("required ", "")

        begun = starters.starters("email")["blocks"].replace("\n", "\r\n")
        page = client.post(url(campaign, "edit/"), saying(member, mode="blocks", source=begun, autosave="1"))

        assert own(campaign).body_content == {}
        assert "Write the message." in words(page)

    def test_looking_at_another_way_loses_nothing(
        self, client: Client, member: Membership, campaign: Campaign
    ) -> None:
        client.post(url(campaign, "edit/"), saying(member, mode="blocks", source=BLOCKS))

        begun = starters.starters("email")["html"]
        client.post(url(campaign, "edit/"), saying(member, mode="html", source=begun, autosave="1"))

        assert (own(campaign).body_source["mode"], own(campaign).body_source["source"]) == ("blocks", BLOCKS)

    def test_a_mistake_is_told_with_its_line(
        self, client: Client, member: Membership, campaign: Campaign
    ) -> None:
        source = "<mjml><mj-body>\n<mj-section>\n<mj-txt>Hi</mj-txt></mj-section></mj-body></mjml>"

        page = client.post(url(campaign, "edit/"), saying(member, mode="mjml", source=source, autosave="1"))

        assert 'data-bad-lines="3"' in page.content.decode()
        assert "The message cannot be shown before its errors are mended. Line 3:" in words(page)

    def test_choosing_a_template_without_a_sender_takes_its_channel(
        self, client: Client, member: Membership, campaign: Campaign
    ) -> None:
        template = content.create_template(
            by=making.actor(member), channel="sms", name="Short", source={"mode": "text", "source": "Hi"}
        )

        said = saying(member, sender="", content="template", template=f"{template.public_id}:1")
        client.post(url(campaign, "edit/"), said)

        assert own(campaign).channel == "sms"


class TestLanguages:
    def test_each_is_written_by_itself_and_people_get_theirs(
        self, client: Client, member: Membership, campaign: Campaign
    ) -> None:
        add_german(client, member, campaign)
        german = saying(member, edited="de", subject="Servus", source="# Hallo")
        for absent in ("language", "defaults"):
            del german[absent]  # the page of a further language does not ask them
        client.post(url(campaign, "edit/"), german)

        step = own(campaign)
        assert step.body_source["subject"] == "Hi"
        assert step.body_source["language"] == "en"
        assert "Hallo" in step.body_content["languages"]["de"]["html"]
        page = client.get(url(campaign, "edit/?language=de"))
        assert 'value="Servus"' in page.content.decode()
        assert "Hallo" in client.get(url(campaign, "preview/frame/?language=de")).content.decode()

    def test_what_was_taken_away_is_not_written_over_another(
        self, client: Client, member: Membership, campaign: Campaign
    ) -> None:
        add_german(client, member, campaign)
        client.post(url(campaign, "edit/"), saying(member, language="en", edited="de", do="language-remove"))
        assert "languages" not in own(campaign).body_source

        page = client.post(url(campaign, "edit/"), saying(member, edited="de", subject="Servus"))

        assert "This language was taken away meanwhile; add it again." in words(page)
        assert own(campaign).body_source["subject"] == "Hi"

    def test_what_is_no_language_is_refused_in_words(
        self, client: Client, member: Membership, campaign: Campaign
    ) -> None:
        said = saying(member, do="language-add", first_language="en", new_language="Klingon!")
        page = client.post(url(campaign, "edit/"), said, follow=True)

        assert "“Klingon!” is not a language tag such as en or de-AT." in words(page)

    def test_what_a_program_wrote_survives_being_edited_here(
        self, client: Client, member: Membership, campaign: Campaign
    ) -> None:
        body = {
            "mode": "markdown", "subject": "Hi", "source": "# Hi {{ city }}", "language": "en",
            "defaults": {"city": "Linz"},
            "languages": {"de": {"mode": "markdown", "subject": "Servus", "source": "# Servus"}},
        }  # fmt: skip
        operations.set_step(campaign=campaign, channel="email", body=body, by=making.actor(member))
        said = saying(member, subject="Hello")
        for absent in ("language", "defaults", "edited"):
            del said[absent]

        client.post(url(campaign, "edit/"), said)

        kept = own(campaign).body_source
        assert kept["subject"] == "Hello"
        assert (kept["defaults"], kept["languages"]["de"]["subject"]) == ({"city": "Linz"}, "Servus")


class TestBeside:
    def test_defaults_stand_in_and_files_go_with_it(
        self, client: Client, member: Membership, campaign: Campaign, settings: Any, tmp_path: Path
    ) -> None:
        settings.CLARION_HOME = tmp_path
        file = content.store_media(
            by=making.actor(member), file=io.BytesIO(b"name,price\nboots,80\n"), name="prices.csv"
        )
        said = saying(member, source="# {{ city }}", defaults="city = your town", attached=[file.key])

        client.post(url(campaign, "edit/"), said)

        made = own(campaign).body_content
        assert [one["filename"] for one in made["attachments"]] == ["prices.csv"]
        assert made["defaults"] == {"city": "your town"}
        assert "1 campaign" in words(client.get(f"{base(member)}media/"))
        unticked = {name: value for name, value in said.items() if name != "attached"}
        client.post(url(campaign, "edit/"), unticked)
        assert not own(campaign).body_content.get("attachments")

    def test_it_becomes_a_template_and_a_template_becomes_it(
        self, client: Client, member: Membership, campaign: Campaign
    ) -> None:
        for name in ("Spring", "Spring (2)"):
            client.post(url(campaign, "edit/"), saying(member, do="message-keep"))
            template = Template.objects.get(name=name)
            assert template.versions.get().source == own(campaign).body_source
        assert own(campaign).template_version is None

        chosen = saying(member, content="template", template=f"{template.public_id}:1", do="message-copy")
        asked = client.post(url(campaign, "edit/"), chosen)
        assert "Replace what you wrote here before?" in words(asked)
        assert own(campaign).template_version is not None
        client.post(url(campaign, "edit/"), chosen | {"confirmed": "1"})

        assert own(campaign).template_version is None
        assert own(campaign).body_source["source"] == MARKDOWN

    def test_the_way_of_looking_and_the_person_stay_while_one_writes(
        self, client: Client, member: Membership, campaign: Campaign
    ) -> None:
        making.make_contacts(member.workspace, 3)
        page = client.post(
            url(campaign, "edit/"), saying(member, recipient="2", look="dark", autosave="1")
        ).content.decode()

        assert "preview/frame/?recipient=2&amp;look=dark" in page
        dark = client.get(url(campaign, "preview/frame/?look=dark"))
        assert "invert(1)" in dark.content.decode()
        assert "sandbox" in dark["Content-Security-Policy"]
        plain = client.get(url(campaign, "preview/frame/?look=text")).content.decode()
        assert "# Hello" not in plain
        assert "Hello" in plain

    def test_a_stranger_keeps_and_changes_nothing(
        self, client: Client, member: Membership, campaign: Campaign
    ) -> None:
        client.post(url(campaign, "edit/"), saying(member))
        stranger = signed_in(making.make_member(name="Mallory"))

        for do in ("message-keep", "message-copy", "language-add"):
            assert stranger.post(url(campaign, "edit/"), saying(member, do=do)).status_code == 404
        assert not Template.objects.exists()
