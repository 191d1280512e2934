"""One page in each of its looks: what axe finds, and whether it scrolls sideways."""

import json
from typing import Any, Literal

from playwright.sync_api import CDPSession, Page, ViewportSize

WIDE: ViewportSize = {"width": 1440, "height": 1000}
NARROW: ViewportSize = {"width": 390, "height": 844}
Scheme = Literal["light", "dark"]
_RULES = "resultTypes: ['violations'], iframes: false"
_CONTRAST = "color-contrast"
_BUT_CONTRAST = f"{_RULES}, rules: {{'{_CONTRAST}': {{enabled: false}}}}"
#: Contrast is most of the work. In the dark the same things stand at the same places in other colours, so that only it
#: is judged again; in a narrow window they stand elsewhere in the same colours, so that all but it is.
_LOOKS: tuple[tuple[Scheme, ViewportSize, str], ...] = (
    ("light", WIDE, _RULES),
    ("dark", WIDE, f"{_RULES}, runOnly: {{type: 'rule', values: ['{_CONTRAST}']}}"),
    ("light", NARROW, _BUT_CONTRAST),
)
#: In a narrow window hardly more than whether the page fits.
_BRIEFLY: tuple[tuple[Scheme, ViewportSize, str], ...] = (
    _LOOKS[0],
    ("light", NARROW, f"{_RULES}, runOnly: {{type: 'rule', values: ['page-has-heading-one']}}"),
)
#: Colours that fade and boxes that move are at their ends; what turns for ever is left turning.
_SETTLED = (
    "new Promise(seen => requestAnimationFrame(() => requestAnimationFrame(seen))).then(() => Promise.all("
    "document.getAnimations().filter(one => one.effect.getComputedTiming().endTime !== Infinity)"
    ".map(one => one.finished.catch(() => null)))).then(() => true)"
)
_SHORT = "(r => JSON.stringify(r.violations.map(v => [v.id, v.nodes.map(n => `${n.target} ${n.failureSummary}`)])))"


def faults(page: Page, axe_source: str, *, is_brief: bool = False) -> list[str]:
    """Look at the open page wide in light and in dark, and narrow; leave it as it was, in light.

    A brief look is wide and in light, and tells of narrow only whether the page fits.

    The rules come in by the debugger's door, which the page's policy does not guard. Frames hold messages, which are
    their authors' own.
    """
    size = page.viewport_size or WIDE
    session = _examiner(page, axe_source)
    problems: list[str] = []
    for scheme, viewport, rules in _BRIEFLY if is_brief else _LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(viewport)
        _told(session, _SETTLED)
        problems += _found(page, session, rules, f"{page.url} {scheme} {viewport['width']}")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(size)
    session.detach()
    return problems


def accessible(page: Page, axe_source: str) -> None:
    """Fail with what axe finds in the open page as it stands, or when it scrolls sideways.

    In a narrow window and in light, contrast is not judged: that is for the same thing in a wide one.
    """
    session = _examiner(page, axe_source)
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    is_narrow = (page.viewport_size or WIDE)["width"] <= NARROW["width"]
    assert _found(page, session, _BUT_CONTRAST if is_narrow and not is_dark else _RULES, page.url) == []
    session.detach()


def settle(page: Page) -> None:
    """Return when all that fades and moves has come to its end."""
    page.evaluate(_SETTLED)


def _examiner(page: Page, axe_source: str) -> CDPSession:
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": axe_source})
    return session


def _found(page: Page, session: CDPSession, rules: str, where: str) -> list[str]:
    found = json.loads(_told(session, f"axe.run(document, {{{rules}}}).then{_SHORT}"))
    problems = [f"{where} {rule}: {nodes}" for rule, nodes in found]
    if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        problems.append(f"{where} scrolls sideways")
    return problems


def _told(session: CDPSession, expression: str) -> Any:
    answer = session.send(
        "Runtime.evaluate", {"expression": expression, "awaitPromise": True, "returnByValue": True}
    )
    assert "exceptionDetails" not in answer, answer
    return answer["result"]["value"]
