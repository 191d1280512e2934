"""Background jobs. Running one twice or again is harmless."""

import structlog
from procrastinate.contrib.django import app

from clarion.workspaces.connections import own_connection

log = structlog.get_logger(__name__)


@app.task(name="workspaces.check_audit", queue="workspaces")
def check_audit(workspace_id: int) -> None:
    """Go through one workspace's audit trail."""
    from clarion.workspaces import operations
    from clarion.workspaces.models import Workspace

    with own_connection():
        for workspace in Workspace.objects.filter(pk=workspace_id):
            operations.check_audit(workspace=workspace)


@app.periodic(cron="41 2 * * *")
@app.task(name="workspaces.check_audits", queue="workspaces", queueing_lock="workspaces.check_audits")
def check_audits(timestamp: int) -> None:
    """Go through every workspace's audit trail, once a night."""
    from clarion.workspaces import operations
    from clarion.workspaces.models import Workspace

    with own_connection():
        for workspace in Workspace.objects.order_by("pk"):
            check = operations.check_audit(workspace=workspace)
            if check.broken_number is not None:
                log.error("audit.broken", workspace=workspace.slug, number=check.broken_number)
