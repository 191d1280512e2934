"""A workspace's logo and colour on its pages for recipients."""

import io

import pytest
from django.conf import settings
from django.test import Client

from clarion.content import branding, operations
from clarion.content.errors import BrandingInvalid
from clarion.lib import keys, tokens
from clarion.workspaces import operations as workspaces
from clarion.workspaces.actors import operator
from clarion.workspaces.models import AuditEvent
from clarion.workspaces.permissions import Role
from tests.factories import Cast, client_of
from tests.pictures import jpeg_head, png
from tests.runs import MadeRun, make_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def made() -> MadeRun:
    return make_run(count=1)


def pages_of(made: MadeRun) -> list[str]:
    key = keys.derive(settings.SECRET_KEY, keys.TOKENS)
    token = tokens.make("unsubscribe", key, made.run.pk, 16)
    by = operator(made.run.workspace)
    _invitation, secret = workspaces.invite(by=by, email="nia@example.test", role=Role.VIEWER)
    return [f"/u/{token}", f"/p/{token}", f"/join/{secret}/"]


def test_logo_and_colour_are_on_every_page_and_served_under_addresses_that_never_change(
    made: MadeRun,
) -> None:
    picture = png()
    operations.set_branding(by=operator(made.run.workspace), colour="#FFcc00", logo=picture)
    brand = branding.brand_of(made.run.workspace)
    assert brand is not None
    logo, style = f"/b/{brand.key}/{brand.logo}", "/b/ffcc00.css"

    for page in pages_of(made):
        shown = Client().get(page).content.decode()
        assert (logo in shown, style in shown, "style=" in shown) == (True, True, False), page
    answer = Client().get(logo)
    assert (answer.content, answer["Content-Type"]) == (picture, "image/png")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "immutable" in answer["Cache-Control"]
    assert "--on-brand:#000" in Client().get(style).content.decode()
    assert "--on-brand:#fff" in Client().get("/b/123456.css").content.decode()
    for wrong in (f"/b/{brand.key}/0123456789abcdef", "/b/x/y", "/b/red;}.css", "/b/12345g.css"):
        assert Client().get(wrong).status_code == 404


def test_without_it_pages_are_as_they_were(made: MadeRun) -> None:
    for page in pages_of(made):
        assert "/b/" not in Client().get(page).content.decode()


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("colour", {"colour": "red"}),
        ("colour", {"colour": "#12345"}),
        ("logo", {"colour": "", "logo": b"<svg onload='x()'/>"}),
        ("logo", {"colour": "", "logo": png() + b"\0" * branding.MAX_OCTETS}),
        ("logo", {"colour": "", "logo": jpeg_head(1001, 10)}),
    ],
)
def test_what_is_no_colour_or_no_small_picture_is_refused(
    made: MadeRun, field: str, said: dict[str, object]
) -> None:
    with pytest.raises(BrandingInvalid) as refusal:
        operations.set_branding(by=operator(made.run.workspace), **said)  # type: ignore[arg-type]

    assert refusal.value.field == field
    assert branding.brand_of(made.run.workspace) is None


def test_whoever_administers_the_workspace_sets_and_removes_it(cast: Cast) -> None:
    url = f"/w/{cast.workspace.slug}/settings/branding/"
    alice = client_of(cast.alice)
    upload = io.BytesIO(png())
    upload.name = "logo.png"

    assert alice.post(url, {"colour": "#123456", "logo": upload}).status_code == 302
    assert 'value="#123456"' in alice.get(url).content.decode()
    assert alice.post(url, {"colour": "blue"}).status_code == 422
    assert alice.post(url, {"colour": "", "without_logo": "on"}).status_code == 302

    assert branding.brand_of(cast.workspace) is None
    assert AuditEvent.objects.filter(action="workspace.branding").count() == 2
    assert client_of(cast.bob).get(url).status_code == 403
    assert client_of(cast.mallory).get(url).status_code == 404
