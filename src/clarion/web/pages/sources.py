"""What a campaign's uploaded file lacked."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.http import Http404
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from clarion.audience import queries
from clarion.audience.models import FILES
from clarion.web.csv_answers import csv_answer

if TYPE_CHECKING:
    from clarion.web.http import PageRequest


@require_safe
def source_rejected(request: PageRequest, workspace: str, id: UUID) -> HttpResponseBase:
    """The upload's rejected rows as a file: row number, column, reason, and the cells as they were."""
    source = queries.source_for(request.member, id)
    if source is None or source.kind not in FILES or not source.table.bad_count or not source.table.file_path:
        raise Http404
    name = f"{source.table.file_name.rsplit('.', 1)[0]}-rejected.csv"
    return csv_answer(queries.problem_rows(source), name=name)
