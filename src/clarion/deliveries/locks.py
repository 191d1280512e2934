"""Locks on a run that are not its row's, on which sending counts."""

from django.db import connection

#: First key of the lock under which people are added, and a run is called off.
_CHUNK_SPACE = 0x4348554E
#: First key of the lock under which people are held to a workspace's frequency caps.
_CAP_SPACE = 0x434150


def hold_building(run_id: int) -> None:
    """Until the transaction ends, let nobody else add to the run or call it off.

    Not the run's row: sending counts on it, and would come to a stand for as long as a chunk takes.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, %s)", [_CHUNK_SPACE, run_id])


def hold_capping(workspace_id: int) -> None:
    """Until the transaction ends, let no other run of the workspace take people's places under its frequency caps.

    After `hold_building`, where both are held.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, %s)", [_CAP_SPACE, workspace_id % 2**31])
