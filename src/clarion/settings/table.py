"""Every setting there is. The reference page is generated from this table."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clarion.lib.proxies import networks_of
from clarion.lib.reach import Reach
from clarion.settings import env
from clarion.settings.env import Bind, Setting

DEFAULT_BIND = Bind(host="127.0.0.1", port=8000, is_chosen=False)
#: A proxy on the same machine is the usual one, and nobody from elsewhere comes from there.
LOOPBACK = networks_of("127.0.0.0/8,::1")

SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="HOME",
        parse=env.directory,
        accepts="an absolute path",
        default="`/var/lib/clarion` for root, else `$XDG_STATE_HOME/clarion` or `~/.local/state/clarion`",
        fallback=env.default_home,
        meaning="Where everything that must be kept lives: the embedded database, the secret key, uploads.",
    ),
    Setting(
        name="DATABASE_URL",
        parse=env.postgresql_url,
        accepts="`postgresql://user:password@host:port/name`, with libpq's options after `?`",
        default="the embedded PostgreSQL, in `CLARION_HOME`",
        fallback=lambda: None,
        meaning="A PostgreSQL server of yours, version 15 or later.",
    ),
    Setting(
        name="SECRET_KEY",
        parse=env.secret,
        accepts="at least 32 characters",
        default="made once and kept in `CLARION_HOME/secret_key`",
        fallback=lambda: None,
        meaning="Signs sessions and seals stored credentials. The same on every host; losing it loses the credentials.",
    ),
    Setting(
        name="PUBLIC_URL",
        parse=env.http_url,
        accepts="`https://host` or `http://host:port`",
        default="`http://` and the address of `CLARION_BIND`",
        fallback=lambda: None,
        meaning="How recipients and users reach this installation; unsubscribe links begin with it.",
    ),
    Setting(
        name="BIND",
        parse=env.bind,
        accepts="`HOST:PORT`",
        default="`127.0.0.1:8000`, or the next free port",
        fallback=lambda: DEFAULT_BIND,
        meaning="Where the web server listens. A port given here is used or the start fails.",
    ),
    Setting(
        name="HOOKS_BIND",
        parse=env.bind,
        accepts="`HOST:PORT`",
        default="none: the web server takes them",
        fallback=lambda: None,
        meaning="Where a process of its own takes providers' callbacks: let your proxy send `/hooks/` there.",
    ),
    Setting(
        name="PUSHES_BIND",
        parse=env.bind,
        accepts="`HOST:PORT`",
        default="none: the web server takes them",
        fallback=lambda: None,
        meaning="Where a process of its own takes people pushed into triggered campaigns: let your proxy send "
        "`/api/v1/campaigns/…/people` there.",
    ),
    Setting(
        name="ALLOWED_HOSTS",
        parse=env.hosts,
        accepts="host names separated by commas",
        default="the host of `CLARION_PUBLIC_URL` and this machine's own names",
        fallback=lambda: None,
        meaning="Host names that the web server answers to.",
    ),
    Setting(
        name="TRUSTED_PROXIES",
        parse=env.networks,
        accepts="addresses and networks such as `10.1.0.0/16`, separated by commas, or `none`",
        default="this machine’s own: `127.0.0.0/8,::1`",
        fallback=lambda: LOOPBACK,
        meaning="Reverse proxies whose word on a visitor’s address (`X-Forwarded-For`) is taken, for limits and audit.",
    ),
    Setting(
        name="OIDC_ISSUER",
        parse=env.issuer,
        accepts="`https://host/path`",
        default="none",
        fallback=lambda: None,
        meaning="An OpenID Connect provider by which people sign in; more are set up by system administrators.",
    ),
    Setting(
        name="OIDC_CLIENT_ID",
        parse=env.word(most=191),
        accepts="one line",
        default="none",
        fallback=lambda: None,
        meaning="The client ID that this provider gave. Needed with `CLARION_OIDC_ISSUER`.",
    ),
    Setting(
        name="OIDC_CLIENT_SECRET",
        parse=env.word(most=191),
        accepts="one line",
        default="none: a public client",
        fallback=lambda: None,
        meaning="The client secret that this provider gave.",
    ),
    Setting(
        name="OIDC_NAME",
        parse=env.word(most=40),
        accepts="at most 40 characters",
        default="`Single sign-on`",
        fallback=lambda: "Single sign-on",
        meaning="What the button of this provider says.",
    ),
    Setting(
        name="OIDC_DOMAINS",
        parse=env.domains,
        accepts="domains separated by commas",
        default="none: only who has an account",
        fallback=list,
        meaning="Whose owners of verified addresses get an account, without any rights, at their first sign-in.",
    ),
    Setting(
        name="LOG_FORMAT",
        parse=env.choice("text", "json"),
        accepts="`text` or `json`",
        default="`text` on a terminal, else `json`",
        fallback=lambda: None,
        meaning="How log lines are written to stderr.",
    ),
    Setting(
        name="LOG_LEVEL",
        parse=env.choice("debug", "info", "warning", "error"),
        accepts="`debug`, `info`, `warning` or `error`",
        default="`info`",
        fallback=lambda: "info",
        meaning="The least important lines that are written.",
    ),
    Setting(
        name="WORKERS",
        parse=env.whole(0, 64),
        accepts="0 to 64",
        default="1",
        fallback=lambda: 1,
        meaning="How many sending processes `clarion up` starts. 0 leaves sending to other hosts.",
    ),
    Setting(
        name="RETRY_SECONDS",
        parse=env.whole(1, 3600),
        accepts="1 to 3600",
        default="60",
        fallback=lambda: 60,
        meaning="How long a message that the provider put off waits for its second attempt; later gaps grow threefold.",
    ),
    Setting(
        name="EXPORT_DAYS",
        parse=env.whole(1, 365),
        accepts="1 to 365",
        default="7",
        fallback=lambda: 7,
        meaning="After how many days an exported file is removed.",
    ),
    Setting(
        name="FETCH_ALLOW",
        parse=env.reach,
        accepts="host names, addresses and networks such as `10.1.0.0/16`, separated by commas",
        default="none",
        fallback=Reach,
        meaning="Where addresses that users type may lead besides the public internet. Everybody may name a URL there.",
    ),
    Setting(
        name="MEDIA_MB",
        parse=env.whole(0, 1_000_000),
        accepts="0 to 1,000,000",
        default="1000",
        fallback=lambda: 1000,
        meaning="How many megabytes of pictures and documents the media library of a workspace holds.",
    ),
    Setting(
        name="METRICS_TOKEN",
        parse=env.secret,
        accepts="at least 32 characters",
        default="none: `/metrics` does not exist",
        fallback=lambda: None,
        meaning="Whoever sends it as a bearer token may read `/metrics`, in the Prometheus format.",
    ),
    Setting(
        name="WATCH_FOLDERS",
        parse=env.folders,
        accepts="absolute paths, separated by `:`; `{workspace}` in one stands for each workspace’s short name",
        default="none",
        fallback=tuple,
        meaning="Folders on the server whose files may be live sources, of every workspace unless it is named.",
    ),
    Setting(
        name="WEB_WORKERS",
        parse=env.whole(1, 64),
        accepts="1 to 64",
        default="2, or 1 on a single processor",
        fallback=lambda: min(2, os.cpu_count() or 1),
        meaning="How many web server processes.",
    ),
    Setting(
        name="WEB_THREADS",
        parse=env.whole(1, 64),
        accepts="1 to 64",
        default="4",
        fallback=lambda: 4,
        meaning="How many requests each web server process answers at once.",
    ),
    Setting(
        name="DEBUG",
        parse=env.flag,
        accepts="`on` or `off`",
        default="`off`",
        fallback=lambda: False,
        meaning="Shows error details and unminified pages to developers. Never on a public address.",
    ),
)


def home_problem(home: Path) -> str | None:
    """Make the home directory. Return what is wrong with it, or None."""
    try:
        home.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    except OSError as problem:
        return f"CLARION_HOME cannot be made at {home}: {problem.strerror}."
    if not os.access(home, os.W_OK | os.X_OK):
        return f"CLARION_HOME at {home} cannot be written to by this user."
    return None


def oidc_problem(values: Mapping[str, Any]) -> str | None:
    """Return what is missing for single sign-on by the environment, or None."""
    given = [name for name in ("ISSUER", "CLIENT_ID") if values[f"OIDC_{name}"]]
    if len(given) == 1 or (values["OIDC_CLIENT_SECRET"] and not given):
        return "CLARION_OIDC_ISSUER and CLARION_OIDC_CLIENT_ID belong together; set both or neither."
    return None


def oidc_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the provider of single sign-on that the environment sets up; empty for none."""
    if not values["OIDC_ISSUER"]:
        return {}
    return {
        "issuer": values["OIDC_ISSUER"], "client_id": values["OIDC_CLIENT_ID"], "name": values["OIDC_NAME"],
        "secret": values["OIDC_CLIENT_SECRET"] or "", "domains": values["OIDC_DOMAINS"],
    }  # fmt: skip
