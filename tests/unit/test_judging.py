"""Which requests for links and images are a person's."""

from datetime import UTC, datetime, timedelta

import pytest

from clarion.deliveries.tracking.judging import Mark, Seen, by_people, marks

SENT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"


def after(seconds: float, link: int = 0, mark: int = 0) -> Seen:
    return Seen(link, SENT + timedelta(seconds=seconds), mark)


@pytest.mark.parametrize(
    ("agent", "mark"),
    [
        (CHROME, Mark(0)),
        (
            "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
            Mark(0),
        ),
        ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", Mark(0)),
        ("Mozilla/4.0 (compatible; ms-office; MSOffice 16)", Mark(0)),
        ("Mozilla/5.0", Mark.PRIVACY),
        ("", Mark.PROGRAM),
        ("Mozilla/5.0 (compatible; Googlebot/2.1)", Mark.PROGRAM),
        ("python-requests/2.32", Mark.PROGRAM),
        ("Barracuda Sentinel (EE)", Mark.PROGRAM),
        ("WhatsApp/2.23.20.0", Mark.PROGRAM),
    ],
)
def test_programs_are_known_by_their_names(agent: str, mark: Mark) -> None:
    assert marks("GET", {"User-Agent": agent}) == mark


def test_asking_for_the_header_alone_and_fetching_ahead_are_marked() -> None:
    assert marks("HEAD", {"User-Agent": CHROME}) == Mark.HEAD
    assert marks("GET", {"User-Agent": CHROME, "Sec-Purpose": "prefetch;prerender"}) == Mark.AHEAD


def test_a_person_is_later_than_a_moment_after_the_message() -> None:
    assert by_people([after(2), after(30), after(31, link=1)], sent_at=SENT) == [False, True, True]


def test_many_links_at_once_are_followed_by_no_person() -> None:
    hits = [after(60, link=1), after(61, link=2), after(62, link=3), after(63, link=1), after(600, link=2)]

    assert by_people(hits, sent_at=SENT) == [False, False, False, False, True]


def test_two_links_and_the_same_link_again_are_a_persons() -> None:
    hits = [after(60, link=1), after(61, link=2), after(62, link=1), after(63, link=2)]

    assert by_people(hits, sent_at=SENT) == [True] * 4


def test_a_marked_request_is_no_persons_but_takes_nothing_from_the_others() -> None:
    assert by_people([after(60, mark=Mark.PRIVACY), after(70)], sent_at=None) == [False, True]
