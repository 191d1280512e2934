"""What was written down in English when it happened is read in the reader's own language."""

import pytest
from django.utils import translation

from clarion.campaigns.models import Campaign
from clarion.campaigns.states import Status
from clarion.channels.base import CheckResult
from clarion.engine.outcomes import REASONS, Reason
from clarion.lib.sentences import said
from clarion.senders import operations as senders
from clarion.senders import testing
from clarion.settings import LANGUAGES
from clarion.web import sender_trials
from clarion.workspaces.actors import of_member
from clarion.workspaces.retelling import KEPT, retold
from tests import ledgers
from tests.factories import Cast, client_of

OTHERS = [code for code, _name in LANGUAGES if code != "en"]


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_that_is_kept_with_values_is_found_again_with_its_values(language: str) -> None:
    with translation.override("en"):
        messages = [one for kept in KEPT for one in ([kept] if isinstance(kept, str) else [kept(1), kept(2)])]
    values = dict.fromkeys(("name", "why", "at", "detail", "mb", "seconds"), "<x>")
    numbers = dict.fromkeys(("failed", "ended", "share", "allowed", "n", "percent"), 7)
    with translation.override(language):
        for message in messages:
            english = message % (values | numbers)
            now = retold(english)
            assert now != english
            assert now.count("<x>") == english.count("<x>")


def test_a_reason_keeps_what_the_provider_said_and_a_persons_words_stay_theirs() -> None:
    sentence = REASONS[Reason.CREDENTIALS_REFUSED].sentence
    with translation.override("de"):
        told = retold(f"{sentence} (535 5.7.8 Bad)")
        assert told != f"{sentence} (535 5.7.8 Bad)"
        assert told.endswith(" (535 5.7.8 Bad)")
        assert (
            retold(said("The host name “%(host)s” is not known.", host="mx"))
            == "Der Rechnername „mx“ ist nicht bekannt."
        )
        for own in ("Wait for the new logo.", "Stop", "", "The shop (Leipzig) is closed."):
            assert retold(own) == own
    with translation.override("en"):
        assert retold(f"{sentence} (535)") == f"{sentence} (535)"


@pytest.mark.django_db
def test_pages_tell_in_german_why_a_campaign_failed_and_a_sender_is_blocked(cast: Cast) -> None:
    failed = ledgers.make_campaign(cast.alice, status=Status.FAILED)
    Campaign.objects.filter(pk=failed.pk).update(status_reason="The campaign's segments were deleted.")
    sender = senders.create_sender(by=of_member(cast.alice), channel="sandbox", name="Own", config={})
    told = f"{REASONS[Reason.CREDENTIALS_REFUSED].sentence} (535)"
    senders.block_sender(sender=sender, by=of_member(cast.alice), reason=told)
    cast.alice.user.language = "de"
    cast.alice.user.save(update_fields=["language"])
    alice = client_of(cast.alice)

    campaign = alice.get(f"/w/acme/campaigns/{failed.public_id}/").content.decode()
    page = alice.get(f"/w/acme/senders/{sender.public_id}/").content.decode()

    assert "Die Segmente der Kampagne wurden gelöscht." in campaign
    with translation.override("de"):
        assert retold(told) in page
    assert told not in page


@pytest.mark.django_db
def test_a_failed_check_of_a_sender_is_told_in_the_readers_language(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = senders.create_sender(by=of_member(cast.alice), channel="sandbox", name="Own", config={})
    problem = f"{REASONS[Reason.CREDENTIALS_REFUSED].sentence} (535)"
    monkeypatch.setattr(testing, "check_config", lambda *_: CheckResult(ok=False, problem=problem))

    with translation.override("de"):
        found = sender_trials.check(sender, by=of_member(cast.alice))

    assert found.problem.endswith(" (535)")
    assert found.problem != problem
