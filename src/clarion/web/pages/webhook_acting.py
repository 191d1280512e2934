"""What is done to a webhook: switching, testing, telling again, a new secret, removing."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from clarion.web.confirm import confirm_page, is_confirmed
from clarion.web.links import workspace_url
from clarion.web.webhook_page import batch_of, endpoint_of, remove_question, rotate_question, webhook_page
from clarion.webhooks import operations, queries
from clarion.workspaces.actors import of_member

if TYPE_CHECKING:
    from clarion.web.http import PageRequest
    from clarion.webhooks.models import Endpoint


def _back(request: PageRequest, endpoint: Endpoint) -> HttpResponseRedirect:
    return HttpResponseRedirect(workspace_url(request, "webhook", id=endpoint.public_id))


@require_POST
def switch_on(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Tell it again."""
    endpoint = endpoint_of(request, id)
    operations.switch_on(by=of_member(request.member), endpoint=endpoint)
    messages.success(request, _("The webhook is on."))
    return _back(request, endpoint)


@require_POST
def switch_off(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Tell it nothing more."""
    endpoint = endpoint_of(request, id)
    operations.switch_off(by=of_member(request.member), endpoint=endpoint)
    messages.success(request, _("The webhook is off: nothing is noted for it until it is switched on."))
    return _back(request, endpoint)


@require_POST
def test(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Post one event now, and say what came of it."""
    from clarion.webhooks.sending import post_now

    endpoint = endpoint_of(request, id)
    batch = operations.queue_test(by=of_member(request.member), endpoint=endpoint)
    sent = operations.test_request(batch)
    answer = post_now(sent, settings.CLARION_FETCH_ALLOW)
    operations.settle(sent, answer)
    facts = {"status": answer.status or "", "ms": answer.milliseconds}
    if not answer.problem:
        messages.success(request, _("The receiver took the test event: %(status)s in %(ms)s ms.") % facts)
    else:
        words = queries.problem_in_words(answer.problem)
        messages.error(request, f"{words} {answer.status}." if answer.status else words)
    return _back(request, endpoint)


@require_POST
def rotate(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Make a new secret and show it, once."""
    endpoint = endpoint_of(request, id)
    if not is_confirmed(request):
        back = workspace_url(request, "webhook", id=endpoint.public_id)
        return confirm_page(request, rotate_question(), back=back)
    secret = operations.rotate_secret(by=of_member(request.member), endpoint=endpoint)
    return webhook_page(request, endpoint_of(request, id), secret=secret)


@require_POST
def replay(request: PageRequest, workspace: str, id: UUID, request_id: UUID) -> HttpResponse:
    """Tell one request's events again."""
    endpoint = endpoint_of(request, id)
    if operations.replay(by=of_member(request.member), batch=batch_of(request, endpoint, request_id)):
        messages.success(request, _("It is told again within seconds."))
    return _back(request, endpoint)


@require_POST
def replay_failed(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Tell all that failed again."""
    endpoint = endpoint_of(request, id)
    count = operations.replay_failed(by=of_member(request.member), endpoint=endpoint)
    words = ngettext("%(n)s request is told again.", "%(n)s requests are told again.", count) % {"n": count}
    messages.success(request, words)
    return _back(request, endpoint)


@require_POST
def remove(request: PageRequest, workspace: str, id: UUID) -> HttpResponse:
    """Remove it, once that was confirmed."""
    endpoint = endpoint_of(request, id)
    if not is_confirmed(request):
        back = workspace_url(request, "webhook", id=endpoint.public_id)
        return confirm_page(request, remove_question(endpoint), back=back)
    operations.remove_endpoint(by=of_member(request.member), endpoint=endpoint)
    messages.success(request, _("The webhook is removed."))
    return HttpResponseRedirect(workspace_url(request, "webhooks"))
