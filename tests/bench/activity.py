"""What contacts did with the messages of campaigns, filled in at once for measuring."""

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from clarion.campaigns.models import Campaign
from clarion.workspaces.models import Workspace

_ACTIVITY = """
insert into audience_contactactivity (contact_id, run_id, workspace_id, campaign_id, sent_on, opened_on, clicked_on,
    failed_on)
select c.id, %(run)s, %(ws)s, %(campaign)s, %(day)s::date,
    case when (c.id * 7919 + %(run)s) %% 3 = 0 then %(day)s::date end,
    case when (c.id * 7919 + %(run)s) %% 30 = 0 then %(day)s::date end,
    case when (c.id * 104729 + %(run)s) %% 100 = 0 then %(day)s::date end
from audience_contact c where c.workspace_id = %(ws)s
"""


def fill(workspace: Workspace, messages: int) -> list[str]:
    """Have so many campaigns sent to every contact, one every ten days until today; return their public ids.

    Of each message a third was opened, a thirtieth clicked, a hundredth failed.
    """
    campaigns = [Campaign.objects.create(workspace=workspace, name=f"C{n}") for n in range(messages)]
    today = timezone.now().date()
    with connection.cursor() as cursor:
        for n, one in enumerate(campaigns):
            day = today - timedelta(days=10 * (messages - n - 1))
            facts = {"ws": workspace.pk, "run": n + 1, "campaign": one.pk, "day": day}
            cursor.execute(_ACTIVITY, facts)
    return [str(one.public_id) for one in campaigns]
