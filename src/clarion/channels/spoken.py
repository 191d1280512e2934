"""A channel's sentences in the language of whoever reads them."""

from collections.abc import Mapping

from clarion.lib.sentences import Sentence


def spoken(sentence: str) -> str:
    """Return the sentence in the language that is active now; one that was not made by `said` stays as it is."""
    if not isinstance(sentence, Sentence):
        return sentence
    # Channels are also used where there is no Django, and no language then.
    from django.utils.formats import number_format
    from django.utils.translation import gettext

    def word(value: object) -> str:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            shown = value if isinstance(value, int) else float(f"{value:g}")
            return str(number_format(shown, force_grouping=True))
        return spoken(value) if isinstance(value, str) else str(value)

    return gettext(sentence.pattern) % {name: word(value) for name, value in sentence.values.items()}


def all_spoken(problems: Mapping[str, str]) -> dict[str, str]:
    """Return the same with each sentence in the language that is active now."""
    return {name: spoken(sentence) for name, sentence in problems.items()}
