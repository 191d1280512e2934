"""The media library: what is taken, to whom it is served and how, and what is needed."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from clarion.campaigns.operations.media import delete_media
from clarion.campaigns.queries import media_users
from clarion.content import media, operations, queries, storing
from clarion.content.errors import MediaInUse, MediaInvalid
from clarion.content.models import MediaFile
from clarion.workspaces.actors import of_member
from clarion.workspaces.errors import NotAllowed
from tests.factories import Cast, client_of
from tests.integration.campaigns.making import make_launchable
from tests.pictures import png

pytestmark = pytest.mark.django_db

PAGE = "/w/acme/media/"


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> Path:
    settings.CLARION_HOME = tmp_path
    settings.CLARION_PUBLIC_URL = "http://testserver"
    return tmp_path


def given_a_file(cast: Cast, octets: bytes = b"", name: str = "Logo.png") -> MediaFile:
    return operations.store_media(by=of_member(cast.bob), file=io.BytesIO(octets or png()), name=name)


def on_disk(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file()]


class TestStoring:
    def test_no_key_holds_letters_that_messages_must_not_have(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        drawn = iter(["A" * 10 + "zqj" + "A" * 11, "B" * 24])
        monkeypatch.setattr("secrets.token_urlsafe", lambda _: next(drawn))

        assert given_a_file(cast).key == "B" * 24

    def test_the_same_octets_are_kept_once(self, cast: Cast, home: Path) -> None:
        first, again = given_a_file(cast), given_a_file(cast, name="Other.png")

        assert first.pk == again.pk
        assert (first.name, first.content_type, first.width) == ("logo.png", "image/png", 2)
        assert [path.read_bytes() for path in on_disk(home)] == [png()]
        assert on_disk(home)[0].stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize(
        ("octets", "name", "why"),
        [
            (b"<svg onload='x'/>", "a.svg", "can be kept"),
            (b"", "a.png", "can be kept|empty"),
            (png(10_001, 1), "a.png", "too large"),
            (png(1, 1)[:16] + b"\0\0\x20\0\0\0\x20\0" + png(1, 1)[24:], "bomb.png", "too large"),
            (b"%PDF-" + b"x" * media.MAX_OCTETS, "a.pdf", "larger than 10 MB"),
        ],
        ids=["svg", "empty", "wide", "bomb", "heavy"],
    )
    def test_what_does_no_good_is_refused(
        self, cast: Cast, home: Path, octets: bytes, name: str, why: str
    ) -> None:
        with pytest.raises(MediaInvalid, match=why):
            operations.store_media(by=of_member(cast.bob), file=io.BytesIO(octets), name=name)
        assert on_disk(home) == []

    def test_a_workspace_has_a_limit_of_its_own(self, cast: Cast, settings: Any) -> None:
        settings.CLARION_MEDIA_MB = 1
        pdf = b"%PDF-" + b"x" * 700_000
        given_a_file(cast, pdf, "a.pdf")

        with pytest.raises(MediaInvalid, match="full"):
            given_a_file(cast, pdf + b"y", "b.pdf")
        other = operations.store_media(by=of_member(cast.mallory), file=io.BytesIO(pdf + b"y"), name="b.pdf")
        assert other.workspace == cast.elsewhere

    def test_a_viewer_may_not(self, cast: Cast) -> None:
        with pytest.raises(NotAllowed):
            operations.store_media(by=of_member(cast.vera), file=io.BytesIO(png()), name="a.png")


class TestServing:
    def test_a_picture_is_shown_to_everybody_and_can_do_nothing(self, cast: Cast) -> None:
        file = given_a_file(cast)

        answer = Client().get(media.address_of(file))

        assert b"".join(answer.streaming_content) == png()  # type: ignore[attr-defined]
        assert answer["Content-Type"] == "image/png"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert "sandbox" in answer["Content-Security-Policy"]
        assert "script-src" not in answer["Content-Security-Policy"]
        assert "immutable" in answer["Cache-Control"]
        assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert not answer.cookies
        kept = Client().get(media.address_of(file), headers={"If-None-Match": answer["ETag"]})
        assert kept.status_code == 304

    def test_a_document_is_saved_and_not_opened(self, cast: Cast) -> None:
        file = given_a_file(cast, b"<script>alert(1)</script>", "notes.txt")

        answer = Client().get(media.address_of(file))

        answer.close()
        assert answer["Content-Type"] == "text/plain; charset=utf-8"
        assert answer["Content-Disposition"].startswith("attachment")

    def test_nobody_finds_one_without_its_key(self, cast: Cast) -> None:
        file = given_a_file(cast)

        assert len(file.key) >= 24
        for key in ("x" * 24, file.key[:-1], file.key + "x", "..", "%2e%2e"):
            assert Client().get(f"/m/{key}/logo.png").status_code == 404
        storing.remove(storing.path_of(file.workspace_id, file.sha256, file.key))
        assert Client().get(media.address_of(file)).status_code == 404


class TestNeeds:
    def shown_in(self, cast: Cast, file: MediaFile, **changes: Any) -> Any:
        blocks = {"blocks": [{"type": "image", "src": media.address_of(file), "alt": "Logo"}]}
        source = {"mode": "blocks", "subject": "S", "source": json.dumps(blocks), **changes}
        return operations.create_template(
            by=of_member(cast.bob), channel="email", name="Shows it", source=source
        )

    def test_what_a_template_shows_stays_until_it_does_no_more(self, cast: Cast, home: Path) -> None:
        file, by = given_a_file(cast), of_member(cast.bob)
        template = self.shown_in(cast, file)

        with pytest.raises(MediaInUse) as caught:
            delete_media(file=file, by=by)
        assert caught.value.names == ["Shows it"]

        operations.save_version(
            template=template, by=by, source={"mode": "text", "subject": "S", "source": "x"}
        )
        delete_media(file=file, by=by)
        assert not MediaFile.objects.exists()

    def test_what_an_older_version_shows_stays_while_a_campaign_has_that(self, cast: Cast) -> None:
        file, by = given_a_file(cast), of_member(cast.bob)
        template = self.shown_in(cast, file)
        campaign = make_launchable(cast.workspace)
        campaign.steps.update(template_version=queries.latest_version(template))
        operations.save_version(
            template=template, by=by, source={"mode": "text", "subject": "S", "source": "x"}
        )

        with pytest.raises(MediaInUse):
            delete_media(file=file, by=by)

    @pytest.mark.parametrize("place", ["source", "text", "language", "files"])
    def test_what_a_campaign_of_its_own_words_shows_or_carries_stays_and_is_counted(
        self, cast: Cast, place: str
    ) -> None:
        file = given_a_file(cast)
        shown = f'<img src="{media.address_of(file)}">'
        own = {
            "source": {"source": shown}, "text": {"source": "x", "text": shown}, "files": {"files": [file.key]},
            "language": {"source": "x", "languages": {"de": {"source": shown}}},
        }[place]  # fmt: skip
        campaign = make_launchable(cast.workspace, name="Own words")
        campaign.steps.update(body_source={"mode": "html", **own})

        with pytest.raises(MediaInUse) as caught:
            delete_media(file=file, by=of_member(cast.bob))
        assert caught.value.names == ["Own words"]
        assert media_users(cast.workspace, [file.key, "x" * 24]) == {file.key: ["Own words"]}

    def test_the_file_goes_when_the_row_is_gone(
        self, cast: Cast, home: Path, django_capture_on_commit_callbacks: Any
    ) -> None:
        file = given_a_file(cast)

        with django_capture_on_commit_callbacks(execute=True):
            delete_media(file=file, by=of_member(cast.bob))

        assert on_disk(home) == []

    def test_attachments_are_frozen_into_the_version(self, cast: Cast) -> None:
        file = given_a_file(cast, b"%PDF-1.7 terms", "Terms.pdf")
        template = self.shown_in(cast, given_a_file(cast), files=[file.key, "x" * 24])

        (attached,) = queries.latest_version(template).content["attachments"]

        assert (attached["filename"], attached["content_type"]) == ("terms.pdf", "application/pdf")
        with pytest.raises(MediaInUse):
            delete_media(file=file, by=of_member(cast.bob))

    def test_files_of_another_workspace_are_not_attached(self, cast: Cast) -> None:
        foreign = operations.store_media(by=of_member(cast.mallory), file=io.BytesIO(b"%PDF-"), name="a.pdf")

        template = self.shown_in(cast, given_a_file(cast), files=[foreign.key])

        assert queries.latest_version(template).content["attachments"] == []


class TestPages:
    def test_an_author_uploads_finds_and_deletes(self, cast: Cast) -> None:
        bob = client_of(cast.bob)
        bad = bob.post(f"{PAGE}upload/", {"files": SimpleUploadedFile("a.svg", b"<svg/>")}, follow=True)
        assert "can be kept here" in bad.content.decode()

        bob.post(f"{PAGE}upload/", {"files": [SimpleUploadedFile("Logo.png", png())]})
        file = MediaFile.objects.get()

        assert "logo.png" in bob.get(PAGE).content.decode()
        assert "No file matches" in bob.get(f"{PAGE}?q=xyz").content.decode()
        assert f'data-media-pick="{media.address_of(file)}"' in bob.get(f"{PAGE}?pick=1").content.decode()
        bob.post(f"{PAGE}{file.public_id}/delete/", {"confirmed": "1"})
        assert not MediaFile.objects.exists()

    def test_a_stranger_and_a_viewer_change_nothing(self, cast: Cast) -> None:
        file = given_a_file(cast)
        vera, mallory = client_of(cast.vera), client_of(cast.mallory)

        assert vera.get(PAGE).status_code == 200
        assert vera.post(f"{PAGE}upload/", {"files": SimpleUploadedFile("b.png", png(3))}).status_code == 403
        assert vera.post(f"{PAGE}{file.public_id}/delete/", {"confirmed": "1"}).status_code == 403
        assert mallory.get(PAGE).status_code == 404
        assert (
            mallory.post(f"/w/elsewhere/media/{file.public_id}/delete/", {"confirmed": "1"}).status_code
            == 404
        )
        assert "logo.png" not in mallory.get("/w/elsewhere/media/").content.decode()
        assert MediaFile.objects.count() == 1
