"""Pages for errors stand when nothing else does."""

from django.test import RequestFactory

from clarion.web.pages import errors


class _Broken:
    """Whatever is asked of it, the database is down."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"the page asked for {name}")


def test_the_page_for_a_fault_of_ours_asks_for_neither_user_nor_session() -> None:
    request = RequestFactory().get("/")
    request.user = _Broken()  # type: ignore[assignment]
    request.session = _Broken()  # type: ignore[assignment]
    request._messages = _Broken()  # type: ignore[attr-defined]

    answer = errors.server_error(request)

    assert answer.status_code == 500
    assert b"Sending is not affected" in answer.content
