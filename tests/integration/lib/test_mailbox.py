"""Reading a mailbox: what is told of it, and against a server of the tests' own that breaks off or says no."""

import pytest

from clarion.lib.mailbox import Mailbox, MailboxUnreadable
from tests.imap import Server


def test_each_mail_is_taken_once_and_marked() -> None:
    taken: list[bytes] = []
    with Server([b"one\r\n", b"two\r\n"]).running() as far:
        first = far.place().read("s3cret", lambda octets: taken.append(octets) or 3)  # type: ignore[func-returns-value]
        again = far.place().read("s3cret", lambda octets: 1)

    assert (first, again) == ((2, 6), (0, 0))
    assert taken == [b"one\r\n", b"two\r\n"]
    assert (far.seen, far.deleted) == ({1, 2}, set())


def test_mails_are_deleted_on_request() -> None:
    with Server([b"one"]).running() as far:
        far.place().read("s3cret", lambda octets: 1, delete=True)

    assert far.deleted == {1}


def test_who_is_interrupted_takes_the_last_mail_again_and_no_other() -> None:
    taken: list[bytes] = []

    def take(octets: bytes) -> int:
        taken.append(octets)
        if len(taken) == 2:
            raise RuntimeError("the database is away")
        return 1

    with Server([b"one", b"two", b"three"]).running() as far:
        with pytest.raises(RuntimeError):
            far.place().read("s3cret", take)
        assert far.seen == {1}
        assert far.place().read("s3cret", take) == (2, 2)

    assert taken == [b"one", b"two", b"two", b"three"]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"refuses": "LOGIN"}, "refused to let us in"),
        ({"refuses": "SELECT"}, "cannot be read"),
        ({"breaks_at": "FETCH"}, "cannot be read"),
        ({"breaks_at": "LOGIN"}, "refused to let us in"),
    ],
    ids=str,
)
def test_what_goes_wrong_is_told_without_the_password(facts: dict[str, str], words: str) -> None:
    with Server([b"one"], **facts).running() as far, pytest.raises(MailboxUnreadable) as told:  # type: ignore[arg-type]
        far.place().read("s3cret", lambda octets: 1)

    assert words in str(told.value)
    assert "s3cret" not in str(told.value)


def test_nobody_listening_is_told() -> None:
    with Server([]).running() as far:
        place = far.place()
    with pytest.raises(MailboxUnreadable, match="no connection"):
        place.read("s3cret", lambda octets: 1)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "imaps://shop%40example.com@mail.example.com",
            ("mail.example.com", 993, "shop@example.com", "INBOX"),
        ),
        ("imaps://b@h:1993/Returned%20mail", ("h", 1993, "b", "Returned mail")),
        ("imap://b@127.0.0.1", ("127.0.0.1", 143, "b", "INBOX")),
    ],
)
def test_an_address_names_host_port_user_and_folder(url: str, expected: tuple[str, int, str, str]) -> None:
    found = Mailbox.of(url)
    assert (found.host, found.port, found.user, found.folder) == expected


@pytest.mark.parametrize(
    "url",
    [
        "", "mail.example.com", "imaps://mail.example.com", "pop3://b@h", "imaps://b:pw@h", "imap://b@mail.example.com",
        "imaps://b@h/%22", "imaps://b@h/a%0d%0aLOGOUT", "imaps://b@h:x", "imaps://b@h/%C3%BC",
    ],
)  # fmt: skip
def test_a_bad_address_is_refused(url: str) -> None:
    with pytest.raises(MailboxUnreadable):
        Mailbox.of(url)
