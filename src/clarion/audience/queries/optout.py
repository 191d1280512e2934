"""What a workspace has settled about who may be written to."""

from collections.abc import Mapping, Sequence

from clarion.audience.models import Suppression
from clarion.audience.optout import AnswerWords, FrequencyCap, OptOutRules
from clarion.audience.stopwords import DEFAULTS, Meaning, Words
from clarion.workspaces.models import Workspace


def caps_of(workspace: Workspace) -> Sequence[FrequencyCap]:
    """Return the workspace's frequency caps, those over all channels first."""
    return list(FrequencyCap.objects.filter(workspace=workspace).order_by("channel", "days"))


def rules_of(workspace: Workspace) -> OptOutRules:
    """Return the workspace's other rules, the defaults where it has none of its own."""
    return OptOutRules.objects.filter(pk=workspace.pk).first() or OptOutRules(workspace=workspace)


def words_of(workspace: Workspace) -> Mapping[str, Words]:
    """Return the words of every language by which the workspace's people answer; its own come first."""
    own = {
        row.language: Words(
            stop=tuple(row.stop),
            stop_alone=tuple(row.stop_alone),
            start=tuple(row.start),
            help=tuple(row.help),
        )
        for row in AnswerWords.objects.filter(workspace=workspace)
    }
    return own | {language: words for language, words in DEFAULTS.items() if language not in own}


def own_words_of(workspace: Workspace) -> Sequence[AnswerWords]:
    """Return the languages whose words the workspace has set itself."""
    return list(AnswerWords.objects.filter(workspace=workspace).order_by("language"))


def replies_of(workspace: Workspace, language: str) -> Mapping[Meaning, str]:
    """Return what the workspace wants sent back for answers in a language; empty sentences are left out."""
    row = AnswerWords.objects.filter(workspace=workspace, language=language).first()
    if row is None:
        return {}
    said = {Meaning.STOP: row.stop_reply, Meaning.START: row.start_reply, Meaning.HELP: row.help_reply}
    return {meaning: sentence for meaning, sentence in said.items() if sentence}


def is_suppressed(workspace: Workspace, channel: str, address: str) -> bool:
    """Whether the normalised address gets nothing more on the channel, for whatever reason."""
    return Suppression.objects.filter(workspace=workspace, channel=channel, address=address).exists()
