"""What every state of a campaign means, and what can be done in it: the page of help, made from the one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from clarion.campaigns import guide
from clarion.campaigns.states import PauseCause
from clarion.deliveries.states import Stage
from clarion.web.http import PersonRequest

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

#: Of a person in a run.
_STAGES: dict[Stage, StrOrPromise] = {
    Stage.PENDING: _("Their message waits for its turn."),
    Stage.IN_FLIGHT: _("It may be at the provider at this moment."),
    Stage.SENT: _("The provider has taken it. What became of it later is its result."),
    Stage.PARTLY: _("Some of the person's channels were sent and some failed."),
    Stage.FAILED: _("It was refused, or every try was used up."),
    Stage.UNKNOWN: _("Nobody can say whether the provider took it. It is never sent again by itself."),
    Stage.SKIPPED: _("The person was left out, with a reason: suppressed, twice in the list, no address …"),
    Stage.CANCELLED: _("The run was called off first."),
    Stage.EXPIRED: _("The run's time was over first."),
}


@require_safe
@login_required
def statuses(request: PersonRequest) -> HttpResponse:
    """The page; each state has an anchor of its name in small letters."""
    context = {
        "states": guide.explained(),
        "causes": [str(cause.label) for cause in PauseCause],
        "stages": [(stage.name.lower(), told) for stage, told in _STAGES.items()],
    }
    return render(request, "help/statuses.html", context)
