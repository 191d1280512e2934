"""A campaign of several channels on the pages: composed, previewed, tested, checked, and shown when it was sent."""

import re
from typing import Any

import pytest
from django.test import Client

from clarion.audience.models import Contact, Source, SourceKind
from clarion.campaigns import operations, preflight, queries, review
from clarion.campaigns.errors import CampaignInvalid
from clarion.campaigns.models import Campaign, Step
from clarion.deliveries.models import Delivery
from clarion.engine.plan import Settled
from clarion.senders.models import Sender
from clarion.workspaces.models import Membership
from tests import cascades
from tests.integration.campaigns import making
from tests.integration.campaigns.reading import signed_in, url, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(member: Membership) -> Campaign:
    Contact.objects.create(
        workspace=member.workspace, email="ada@example.test", phone="+49301", first_name="Ada"
    )
    Contact.objects.create(workspace=member.workspace, email="bo@example.test", first_name="Bo")
    source = Source.objects.create(workspace=member.workspace, kind=SourceKind.CONTACTS)
    made = making.make_campaign(member.workspace, source=source)
    operations.set_step(
        campaign=made, channel="email", sender=making.make_sender(member.workspace), by=making.actor(member),
        body={"mode": "text", "subject": "Hi", "preheader": "", "source": "Hi {{ first_name }}", "text": ""},
    )  # fmt: skip
    Sender.objects.create(workspace=member.workspace, channel="sms", name="Texts", config={"source": "Shop"})
    return made


def said(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Reminder", "tags": "", "notes": "", "audience": "CONTACTS", "content": "own", "subject": "",
        "preheader": "", "mode": "text", "source": "", "text": "", "launch": "NOW", "zone": "Europe/Berlin",
        "delay_min": "0", "delay_max": "0", "rate_limit": "",
    } | changes  # fmt: skip


def channels(campaign: Campaign) -> list[tuple[int, int, str]]:
    return list(
        Step.objects.filter(campaign=campaign).order_by("position").values_list("position", "tier", "channel")
    )


def mail_of(campaign: Campaign) -> dict[str, Any]:
    step = Step.objects.get(campaign=campaign, position=0)
    assert step.sender is not None
    return {
        "sender": str(step.sender.public_id),
        "subject": "Hi",
        "source": "Hi {{ first_name }}",
    }


def test_a_fallback_is_added_written_previewed_moved_and_removed(
    client: Client, campaign: Campaign, member: Membership
) -> None:
    sms = Sender.objects.get(channel="sms")
    added = client.post(url(campaign, "edit/"), said(**mail_of(campaign), step="0", do="channel-add"))
    assert added["Location"] == url(campaign, "edit/?step=1#message")
    assert channels(campaign) == [(0, 0, "email"), (1, 1, "sms")]

    page = words(client.get(url(campaign, "edit/?step=1")))
    summary = client.get(url(campaign, "edit/?step=1")).content.decode().partition('aria-label="Channels"')[2]
    assert "Email → SMS" in summary.partition("</p>")[0]
    assert "Fallback 1" in page
    assert any(check.code == "content_missing" for check in preflight.examine(campaign).blockers)

    written = said(
        sender=str(sms.public_id), source="Short for {{ first_name }}", step="1", receipt_wait="30",
        **{"tier-0": "0", "tier-1": "1"},
    )  # fmt: skip
    saved = client.post(url(campaign, "edit/"), written)
    assert saved["Location"].endswith("?step=1"), words(saved)
    fresh = Campaign.objects.get(pk=campaign.pk)
    assert fresh.receipt_wait == 30
    assert [s.body_source["source"] for s in fresh.steps.order_by("position")] == [
        "Hi {{ first_name }}", "Short for {{ first_name }}",
    ]  # fmt: skip
    checks = preflight.examine(fresh)
    assert checks.blockers == []
    assert {"cascade", "cascade_silent"} <= {check.code for check in checks.checks}
    assert "Short for Ada" in client.get(url(campaign, "preview/frame/?step=1")).content.decode()
    assert "Hi Ada" in client.get(url(campaign, "preview/frame/")).content.decode()

    client.post(url(campaign, "edit/"), written | {"tier-1": "0"})
    assert channels(campaign) == [(0, 0, "email"), (1, 0, "sms")]
    client.post(url(campaign, "edit/"), said(**mail_of(campaign), step="0", do="channel-remove"))
    assert channels(campaign) == [(0, 0, "sms")]

    assert signed_in(making.make_member(name="Mallory")).get(url(campaign, "edit/?step=1")).status_code == 404


def test_the_cascade_is_part_of_what_is_approved_and_of_a_copy(
    campaign: Campaign, member: Membership
) -> None:
    by = making.actor(member)
    before = review.digest_of(campaign)
    operations.add_step(campaign=campaign, channel="sms", by=by)
    with_sms = review.digest_of(campaign)
    operations.update_campaign(campaign=campaign, receipt_wait=10, by=by)
    with_wait = review.digest_of(campaign)
    operations.arrange(campaign=campaign, tiers={1: 0}, by=by)
    assert len({before, with_sms, with_wait, review.digest_of(campaign)}) == 4
    copy = operations.duplicate(campaign=campaign, by=by)
    assert (copy.receipt_wait, channels(copy)) == (10, [(0, 0, "email"), (1, 0, "sms")])


def test_a_cascade_has_at_least_one_and_at_most_sixteen_channels(
    campaign: Campaign, member: Membership
) -> None:
    by = making.actor(member)
    with pytest.raises(CampaignInvalid):
        operations.remove_step(campaign=campaign, position=0, by=by)
    for _ in range(15):
        operations.add_step(campaign=campaign, channel="sms", by=by, tier=1)
    with pytest.raises(CampaignInvalid):
        operations.add_step(campaign=campaign, channel="sms", by=by)
    for wait in (0, 10_081):
        with pytest.raises(CampaignInvalid):
            operations.update_campaign(campaign=campaign, receipt_wait=wait, by=by)
    found = queries.campaign_for(member, campaign.public_id)
    assert found is not None
    assert {step.tier for step in found.steps.all()} == {0, 1}


@pytest.mark.django_db(transaction=True)
def test_the_recipients_page_and_the_details_show_each_channel() -> None:
    run = cascades.built(cascades.make_cascade(people=2))
    cascades.run_through(run, lambda n, step, _: Settled.FAILED if (n, step) == (2, 0) else Settled.SENT)
    client = signed_in(making.make_member(run.campaign.workspace))
    base = f"/w/{run.campaign.workspace.slug}/campaigns/{run.campaign.public_id}/recipients/"

    def shown(number: int) -> list[str]:
        row = client.get(base).content.decode().split("<tr>")[-2:][number - 1]
        return re.findall(r'class="channel" data-tone="\w+" title="([^"]+)"', row)

    def sent_at(number: int) -> str:
        row = client.get(base).content.decode().split("<tr>")[-2:][number - 1]
        return "".join(re.findall(r'<time[^>]*datetime="([^"]+)"', row)[:1])

    def detailed(number: int) -> list[tuple[str, str, str]]:
        parts = client.get(f"{base}{number}/").content.decode().split('<section class="person-message">')[1:]
        found = [re.search(r'title="(\w+)">.*?<span>([\w ]+)</span></span></dd>.*?<bdi>([^<]+)', one, re.DOTALL)
                 for one in parts if "channel--worded" in one]  # fmt: skip
        return [(one[1], one[2], one[3]) for one in found if one]

    assert (shown(1), shown(2)) == (["Email: Sent"], ["Email: Failed", "SMS: Sent"])
    taken = Delivery.objects.get(run_id=run.pk, id=33).ended_at
    assert taken is not None
    assert sent_at(2) == taken.isoformat(), "when the fallback was taken, not the first channel that failed"
    assert [one[0] for one in detailed(1)] == ["Email"]
    assert [(channel, address) for channel, _, address in detailed(2)] == [
        ("Email", "person2@example.test"), ("SMS", "+493000000002"),
    ]  # fmt: skip
    stranger = signed_in(making.make_member(name="Mallory"))
    assert [stranger.get(base + page).status_code for page in ("", "2/")] == [404, 404]
