"""The embedded server's configuration: small enough for a laptop, fast enough for a campaign."""

import os
from pathlib import Path

_MEBIBYTE = 1024 * 1024


def files(sockets: Path, *, users: set[str], role: str, is_durable: bool) -> dict[str, str]:
    """Return file names and contents. Only these system users may connect, all of them as `role`."""
    head = "# Written by Clarion at every start. Settings of yours belong in local.conf beside this file.\n"
    settings = "".join(f"{name} = {value}\n" for name, value in _settings(sockets, is_durable).items())
    mapped = "".join(f"{role} {user} {role}\n" for user in sorted(users))
    return {
        "postgresql.conf": f"{head}{settings}include 'local.conf'\n",
        "pg_hba.conf": f"{head}local all {role} peer map={role}\n",
        "pg_ident.conf": f"{head}{mapped}",
    }


def _settings(sockets: Path, is_durable: bool) -> dict[str, str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MEBIBYTE
    durability = (
        {} if is_durable else {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    )
    return {
        "listen_addresses": "''",
        "unix_socket_directories": _quoted(str(sockets)),
        "unix_socket_permissions": "0700",
        "port": "5432",
        "max_connections": "100",
        "shared_buffers": f"{min(max(memory // 16, 64), 512)}MB",
        "effective_cache_size": f"{max(memory // 2, 256)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB",
        "max_parallel_workers_per_gather": "1",
        "random_page_cost": "1.1",
        "jit": "off",
        # Nobody replicates from here, so the log carries only what recovery needs.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        # The only method that these binaries have costs more than the writing it saves.
        "wal_compression": "off",
        "min_wal_size": "128MB",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        "autovacuum_naptime": "15s",
        "autovacuum_vacuum_cost_limit": "1000",
        # A killed client's locks are free within a second even while its query runs.
        "client_connection_check_interval": "1s",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "log_destination": "'stderr'",
        "log_line_prefix": "'postgres: '",
        "log_min_messages": "fatal",
        "log_checkpoints": "off",
        "log_autovacuum_min_duration": "-1",
        # Statements hold personal data.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "lc_messages": "'C'",
        "default_text_search_config": "'pg_catalog.simple'",
        **durability,
    }


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
