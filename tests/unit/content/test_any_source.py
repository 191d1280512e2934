"""Whatever somebody types as a template is compiled and shown, or refused with sentences, within time and memory."""

import time
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from clarion.content.compiling import compile_source
from clarion.content.errors import ContentInvalid
from clarion.content.rendering import preview

#: Seconds of the processor and octets that one source may take at most; a few hundredths and a tenth are usual.
SECONDS, OCTETS = 8.0, 64 * 1024**2

#: What templates, mails and Markdown are made of, whole and broken.
PIECES = [
    "{{", "}}", "{%", "%}", "{#", "#}", "{%-", "-%}", " name ", " city ", " if ", " else ", " endif ", " for x in ",
    " endfor ", " set x = ", "x", "range(99)", "loop.index", " ~ ", "|upper", "|default('a')", "|replace('a', x)",
    "|join", "'", '"', "(", ")", "[", "]", "[1] * 9", "1 / 0", "**", "==", "\\", "{{ name }}", "{% raw %}",
    "{% include 'a' %}", "{% for x in name %}", "{{ x * 999999999 }}", "<p>", "</p>", "<a href='{{ name }}'>",
    "<style>", "<!--", "-->",
    "<mj-section>", "<mj-text>", "</mj-text>", "<![CDATA[", "&amp;", "&#0;", "# ", "[a](b)", "![", "```", "| a | b |",
    "\n", "\r\n", "\t", "\x0b", "\u2028", "\u202e", "é", "😀",
]  # fmt: skip
SOURCES = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=60).map("".join)
PEOPLE = st.fixed_dictionaries(
    {},
    optional={"name": SOURCES | st.integers() | st.none() | st.lists(st.text(max_size=3)), "city": SOURCES},
)


def complaints(channel: str, said: dict[str, str], person: dict[str, object]) -> list[str]:
    """Return what is wrong with a message; nothing when it can be shown to the person."""
    try:
        made = compile_source(channel, said, with_trial=False)
    except ContentInvalid as refused:
        return [one.sentence for one in refused.problems]
    preview(made.content, channel, person)
    return []


@given(
    channel=st.sampled_from(["email", "sms", "telegram", "webpush"]),
    mode=st.sampled_from(["html", "mjml", "markdown", "text"]),
    subject=SOURCES,
    source=SOURCES,
    person=PEOPLE,
)
def test_it_is_shown_to_anybody_or_refused_with_sentences_within_bounds(
    channel: str, mode: str, subject: str, source: str, person: dict[str, object]
) -> None:
    whole = f"<mjml><mj-body>{source}</mj-body></mjml>" if mode == "mjml" else source
    said = {"mode": mode if channel == "email" else "text", "subject": subject, "source": whole}
    tracemalloc.start()
    try:
        began = time.process_time()
        found = complaints(channel, said, person)
        spent = time.process_time() - began
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert all(found), "each is a sentence"
    assert spent < SECONDS
    assert most < OCTETS
