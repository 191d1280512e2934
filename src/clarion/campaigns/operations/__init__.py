"""Every write to campaigns: what they say, to whom, when, and what happens to them.

All are keyword-only, run in one transaction and leave an audit event with old and new values. They raise
NotAllowed when the actor's role does not include the change, TransitionRefused when the campaign's state does not
allow it (any more), and CampaignInvalid, with sentences, when what is said makes no sense or cannot be launched.
"""

from clarion.campaigns.operations.capping import ignore_caps
from clarion.campaigns.operations.cascading import add_step, arrange, remove_step
from clarion.campaigns.operations.drafting import (
    create_campaign,
    record_test,
    set_source,
    set_step,
    update_campaign,
)
from clarion.campaigns.operations.due import end_run, expire, start_due
from clarion.campaigns.operations.keeping import archive, delete, duplicate, give_up, restore
from clarion.campaigns.operations.launching import (
    after_approval,
    launch,
    schedule,
    schedule_as_said,
    start,
)
from clarion.campaigns.operations.linking import switch_links
from clarion.campaigns.operations.moving import (
    cancel,
    change_speed,
    continue_,
    continue_spent,
    hold,
    pause,
    reopen,
    replan_resumption,
    resume,
    resume_paid,
    stop,
)
from clarion.campaigns.operations.noting import add_note, reveal_recipient
from clarion.campaigns.operations.one_off import Addressee, Said, send_one_off
from clarion.campaigns.operations.rescheduling import reschedule
from clarion.campaigns.operations.reviewing import approve, reject, release, submit, withdraw

__all__ = [
    "Addressee",
    "Said",
    "add_note",
    "add_step",
    "after_approval",
    "approve",
    "archive",
    "arrange",
    "cancel",
    "change_speed",
    "continue_",
    "continue_spent",
    "create_campaign",
    "delete",
    "duplicate",
    "end_run",
    "expire",
    "give_up",
    "hold",
    "ignore_caps",
    "launch",
    "pause",
    "record_test",
    "reject",
    "release",
    "remove_step",
    "reopen",
    "replan_resumption",
    "reschedule",
    "restore",
    "resume",
    "resume_paid",
    "reveal_recipient",
    "schedule",
    "schedule_as_said",
    "send_one_off",
    "set_source",
    "set_step",
    "start",
    "start_due",
    "stop",
    "submit",
    "switch_links",
    "update_campaign",
    "withdraw",
]
