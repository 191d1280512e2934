"""What is typed into an address reaches the database as text that it takes."""

import pytest

from tests.factories import Cast, client_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "page",
    [
        "contacts/?q=a%00na", "contacts/?tag=v%00ip", "contacts/?attribute=pl%00an:f%00ree", "media/?q=l%00ogo",
        "campaigns/?q=a%00utumn&tag=%00", "statistics/?q=a%00utumn", "audit/?q=%00",
    ],
)  # fmt: skip
def test_a_list_that_is_searched_for_what_no_text_holds_is_shown(cast: Cast, page: str) -> None:
    assert client_of(cast.alice).get(f"/w/{cast.workspace.slug}/{page}").status_code == 200


@pytest.mark.parametrize("page", ["people/?q=a%00", "access/?q=a%00"])
def test_a_list_of_the_whole_installation_is_shown_too(cast: Cast, page: str) -> None:
    cast.alice.user.is_superuser = True
    cast.alice.user.save()

    assert client_of(cast.alice).get(f"/system/{page}").status_code == 200
