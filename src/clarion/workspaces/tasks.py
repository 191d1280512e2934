"""Background jobs. Running one twice or again is harmless."""

import structlog
from django.db import connection
from procrastinate.contrib.django import app

log = structlog.get_logger(__name__)


@app.task(name="workspaces.check_audit", queue="workspaces")
def check_audit(workspace_id: int) -> None:
    """Go through one workspace's audit trail."""
    from clarion.workspaces import operations
    from clarion.workspaces.models import Workspace

    try:
        for workspace in Workspace.objects.filter(pk=workspace_id):
            operations.check_audit(workspace=workspace)
    finally:
        if not connection.in_atomic_block:
            connection.close()


@app.periodic(cron="41 2 * * *")
@app.task(name="workspaces.check_audits", queue="workspaces", queueing_lock="workspaces.check_audits")
def check_audits(timestamp: int) -> None:
    """Go through every workspace's audit trail, once a night."""
    from clarion.workspaces import operations
    from clarion.workspaces.models import Workspace

    try:
        for workspace in Workspace.objects.order_by("pk"):
            check = operations.check_audit(workspace=workspace)
            if check.broken_number is not None:
                log.error("audit.broken", workspace=workspace.slug, number=check.broken_number)
    finally:
        if not connection.in_atomic_block:
            connection.close()
