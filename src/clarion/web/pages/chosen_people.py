"""A campaign for contacts that were picked one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clarion.audience import operations, queries
from clarion.audience.errors import SourceInvalid
from clarion.audience.models import Contact
from clarion.campaigns import operations as campaigns
from clarion.web.links import workspace_url
from clarion.workspaces.actors import of_member

if TYPE_CHECKING:
    from clarion.web.http import PageRequest

#: Contacts that are taken from one page of them.
_MOST = 500


@require_POST
def contacts_campaign(request: PageRequest, workspace: str) -> HttpResponse:
    """Make a draft for the selected contacts and open it."""
    wanted: list[UUID] = []
    for text in request.POST.getlist("selected")[:_MOST]:
        try:
            wanted.append(UUID(text))
        except ValueError:
            continue
    by = of_member(request.member)
    ids = queries.contacts_by_public_ids(request.member, wanted)
    try:
        source = operations.create_chosen_source(by=by, contacts=list(Contact.objects.filter(pk__in=ids)))
    except SourceInvalid as refusal:
        messages.warning(request, str(refusal))
        return HttpResponseRedirect(workspace_url(request, "contacts"))
    campaign = campaigns.create_campaign(by=by, name=_("To %(people)s") % {"people": str(source)})
    campaigns.set_source(campaign=campaign, source=source, by=by)
    return HttpResponseRedirect(workspace_url(request, "campaigns:edit", id=campaign.public_id))
