"""The preference page: what somebody goes on getting, chosen by the link in a message."""

import re

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from clarion.audience import operations
from clarion.audience.models import Contact, List, ListMember, OptOutRules, Suppression
from clarion.deliveries.models import Recipient
from clarion.deliveries.states import Skip
from clarion.lib import keys, tokens
from clarion.public import links
from clarion.senders.models import Sender
from tests.runs import MadeRun, add_run, make_run

pytestmark = pytest.mark.django_db

ADDRESS = "person1@example.test"


@pytest.fixture(autouse=True)
def _fresh_throttle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "THROTTLE", links.Throttle(most=links.MOST_REQUESTS, seconds=600))


@pytest.fixture
def made() -> MadeRun:
    """A run whose first person is a contact with a phone, in one of two lists that may be seen and a secret one."""
    made = make_run(count=2, channel="email")
    Sender.objects.create(workspace=made.workspace, channel="sms", name="Short")
    contact = Contact.objects.create(workspace=made.workspace, email=ADDRESS, phone="+4930123456")
    for name, is_public, is_in in (("News", True, True), ("Sales", True, False), ("Bad payers", False, True)):
        one = List.objects.create(
            workspace=made.workspace, name=name, is_public=is_public, member_count=int(is_in)
        )
        if is_in:
            ListMember.objects.create(list=one, contact=contact)
    return made


def link(made: MadeRun, recipient: int = 1, page: str = "p") -> str:
    key = keys.derive(settings.SECRET_KEY, keys.TOKENS)
    return f"/{page}/{tokens.make('unsubscribe', key, made.run.pk, recipient * 16)}"


def list_of(name: str) -> List:
    return List.objects.get(name=name)


def suppressed() -> set[tuple[str, str, str]]:
    return set(Suppression.objects.values_list("channel", "address", "reason"))


def test_opening_it_changes_nothing_and_shows_what_is_the_persons_own(made: MadeRun) -> None:
    OptOutRules.objects.create(workspace=made.workspace, page_text="We write rarely.")
    Contact.objects.create(workspace=made.workspace, email="person2@example.test", phone="+4930999999")

    answer = Client().get(link(made))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "We write rarely." in page
    assert "News" in page
    assert "Sales" in page
    for secret in ("Bad payers", ADDRESS, "123456", "…99", "<script", "style="):
        assert secret not in page
    assert not Suppression.objects.exists()
    assert not answer.cookies
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert answer["Referrer-Policy"] == "no-referrer"
    assert link(made) in Client().get(link(made, page="u")).content.decode()


@pytest.mark.parametrize("page", ["u", "p"])
@pytest.mark.parametrize(
    ("contact", "browser", "shown"),
    [("ar", "de", 'lang="ar" dir="rtl"'), ("de-AT", "en", 'lang="de"'), ("", "es", 'lang="es"'),
     ("xx!", "ru", 'lang="ru"')],
)  # fmt: skip
def test_pages_speak_the_contacts_language_and_else_the_browsers(
    made: MadeRun, page: str, contact: str, browser: str, shown: str
) -> None:
    Contact.objects.filter(email=ADDRESS).update(language=contact)

    for _again in range(2):  # of pages in another language nothing is left
        answer = Client(headers={"accept-language": browser}).get(link(made, page=page)).content.decode()
        assert shown in answer[:200]
    assert 'lang="en"' in Client().get(link(made, 2, page=page)).content.decode()[:200]


def test_what_is_unticked_is_left_and_what_is_ticked_is_taken_up(made: MadeRun) -> None:
    other = add_run(made.workspace, made.sender, count=1)

    Client(enforce_csrf_checks=True).post(
        link(made), {"act": "save", "channel": ["sms"], "list": [str(list_of("Sales").public_id)]}
    )

    assert suppressed() == {("email", ADDRESS, "UNSUBSCRIBED")}
    assert Recipient.objects.get(run_id=other.run.pk, id=1).skip == Skip.SUPPRESSED
    assert set(ListMember.objects.values_list("list__name", flat=True)) == {"Sales", "Bad payers"}
    assert (list_of("News").member_count, list_of("Sales").member_count) == (0, 1)


def test_everything_is_ended_at_once_and_had_back_by_undo(made: MadeRun) -> None:
    client = Client()

    gone = client.post(link(made), {"act": "none"})
    assert "You are unsubscribed" in gone.content.decode()
    assert {channel for channel, _address, _reason in suppressed()} == {"email", "sms"}
    assert set(ListMember.objects.values_list("list__name", flat=True)) == {"Bad payers"}

    undo = gone.content.decode().partition(">Undo<")[0].rpartition("<form")[2]
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'name="(\w+)" value="([^"]+)"', undo):
        fields.setdefault(name, []).append(value)
    client.post(link(made), fields)

    assert not Suppression.objects.exists()
    assert set(ListMember.objects.values_list("list__name", flat=True)) == {"News", "Bad payers"}


def test_what_others_ended_is_not_taken_up_by_the_person(made: MadeRun) -> None:
    for channel, address, reason in (
        ("email", ADDRESS, "COMPLAINED"),
        ("sms", "+4930123456", "UNSUBSCRIBED"),
    ):
        operations.suppress(
            workspace=made.workspace, channel=channel, address=address, reason=reason, origin=""
        )

    Client().post(link(made), {"act": "save", "channel": ["email", "sms"]})

    assert suppressed() == {("email", ADDRESS, "COMPLAINED")}


def test_what_is_not_offered_cannot_be_chosen(made: MadeRun) -> None:
    said = {
        "act": "save",
        "channel": ["email", "sms", "fax", "x" * 99],
        "list": [str(list_of("Bad payers").public_id), "?"],
    }

    Client().post(link(made), said)

    assert set(ListMember.objects.values_list("list__name", flat=True)) == {"Bad payers"}
    assert not Suppression.objects.exists()


def test_somebody_who_is_no_contact_chooses_about_the_message_alone(made: MadeRun) -> None:
    page = Client().get(link(made, 2)).content.decode()
    Client().post(link(made, 2), {"act": "none"})

    assert "News" not in page
    assert suppressed() == {("email", "person2@example.test", "UNSUBSCRIBED")}


def test_a_link_that_we_did_not_make_says_the_same_whatever_it_is_like(made: MadeRun) -> None:
    good = link(made)
    wrong = [good[:-1] + ("0" if good[-1] != "0" else "1"), "/p/1.2.3", "/p/x", good.replace("/p/", "/p/1")]

    answers = [Client().get(one) for one in wrong] + [Client().post(one, {"act": "none"}) for one in wrong]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert not Suppression.objects.exists()


def test_a_link_that_is_used_too_often_waits_but_one_click_never_does(
    made: MadeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "THROTTLE", links.Throttle(most=2, seconds=600))

    codes = [Client().get(link(made)).status_code for _ in range(3)]
    one_click = Client().post(link(made, page="u"), {"List-Unsubscribe": "One-Click"})

    assert codes == [200, 200, 429]
    assert Client().get(link(made, 2)).status_code == 200
    assert (one_click.status_code, len(suppressed())) == (200, 1)


def test_links_are_forgotten_in_time_and_when_there_are_too_many() -> None:
    throttle = links.Throttle(most=1, seconds=10, remembered=2)

    assert [throttle.is_over("a", now) for now in (0.0, 1.0, 9.0, 10.0, 11.0)] == [
        False,
        True,
        True,
        False,
        True,
    ]
    assert [throttle.is_over(name, 12.0) for name in ("b", "c", "a")] == [False, False, False]


@given(st.text(max_size=250), st.integers(0, 2**63), st.integers(0, 2**63))
def test_no_text_is_a_token_but_those_we_made_and_each_says_its_own_numbers(
    text: str, run: int, delivery: int
) -> None:
    key = b"k" * 32
    token = tokens.make(links.KIND, key, run, delivery)

    assert tokens.read(links.KIND, key, token) == (run, delivery)
    assert tokens.read("another", key, token) is None
    assert tokens.read(links.KIND, b"x" * 32, token) is None
    assert tokens.read(links.KIND, key, text) is None
    for place in range(len(token)):
        changed = token[:place] + ("1" if token[place] != "1" else "2") + token[place + 1 :]
        assert tokens.read(links.KIND, key, changed) is None
