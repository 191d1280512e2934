"""A campaign ordered in one go, as the command line does: check all that was said, then make what is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.utils.translation import gettext as _

from clarion.audience import operations as audience
from clarion.audience import reading
from clarion.audience.csvdialect import CsvInvalid
from clarion.audience.models import Source, SourceStatus
from clarion.audience.operations.sources import dialect_of
from clarion.campaigns import operations
from clarion.campaigns.errors import CampaignInvalid
from clarion.campaigns.models import Campaign
from clarion.campaigns.operations import delete as delete_campaign
from clarion.channels import registry
from clarion.channels.base import ConfigInvalid
from clarion.channels.content_forms import content_fields
from clarion.content import compiling, queries
from clarion.content.errors import ContentInvalid, TrialFailed
from clarion.runtime import order_steps
from clarion.runtime.order_steps import OrderInvalid as OrderInvalid
from clarion.senders import operations as senders
from clarion.senders import secrets
from clarion.senders.errors import NameTaken, SecretsLost
from clarion.senders.models import Sender, SenderStatus
from clarion.senders.shared import operations as shared
from clarion.workspaces.actors import Actor

#: Largest file of a message, in octets.
MAX_BODY = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was said, as it was typed. Exactly one of `html` and `mjml`, or `text`, or `text` beside either."""

    name: str
    channel: str
    sender_url: str
    sender: str
    subject: str
    html: Path | None
    mjml: Path | None
    text: Path | None
    csv: Path | None
    rate: float | None
    reply_to: str = ""
    #: Column of the file with the addresses; empty finds it.
    address: str = ""
    #: Sheet of a spreadsheet; empty takes the first with anything in it.
    sheet: str = ""
    #: In place of `csv`, a live spreadsheet: its address, or its path on the server.
    sheet_url: str = ""
    watch: str = ""
    #: TOML file that names further channels; see `order_steps`.
    cascade: Path | None = None
    #: "name=value": what the channel's messages have beside a text, such as the retries of a call.
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An order of which nothing is known to be wrong."""

    order: Order
    #: The sender's settings, secrets included.
    config: dict[str, Any] = field(repr=False)
    #: The body as a template version holds it.
    body: dict[str, Any]
    content: dict[str, Any] = field(repr=False)
    #: Further channels, each with the number of its tier.
    further: Sequence[tuple[int, "Checked"]] = ()
    #: Minutes to wait for receipts before a fallback goes; None for no waiting.
    receipt_wait: int | None = None


def check(order: Order) -> Checked:
    """Look at everything without touching the database. Raises OrderInvalid with every problem."""
    problems: list[str] = []
    if not order.name.strip():
        problems.append(_("--name: give the campaign a name."))
    if order.rate is not None and not order.rate > 0:
        problems.append(_("--rate: this must be more than 0."))
    if order.channel not in registry.CHANNELS:
        known = ", ".join(registry.CHANNELS)
        raise OrderInvalid([*problems, _("--channel: choose one of: %(known)s.") % {"known": known}])
    config = _config(order, problems)
    body = _body(order, problems)
    dialect = _dialect(order, problems)
    content = _content(order, body, problems) if body else {}
    if content and dialect:
        compare(content, dialect, problems)
    plan = order_steps.Plan()
    if order.cascade is not None:
        plan = order_steps.read(order, order.cascade, problems)
    further = []
    for step in plan.steps:
        try:
            further.append((step.tier, _checked_step(step.order, dialect)))
        except OrderInvalid as invalid:
            problems += [f"{order.cascade}, {step.name}: {sentence}" for sentence in invalid.problems]
    if problems:
        raise OrderInvalid(problems)
    return Checked(
        order=order,
        config=config,
        body=body,
        content=content,
        further=further,
        receipt_wait=plan.receipt_wait,
    )


def _checked_step(order: Order, dialect: Mapping[str, Any]) -> Checked:
    """Look at a further channel, which has the people of the first."""
    problems: list[str] = []
    config = _config(order, problems)
    body = _body(order, problems)
    content = _content(order, body, problems) if body else {}
    if content and dialect:
        compare(content, dialect, problems)
    if problems:
        raise OrderInvalid(problems)
    return Checked(order=order, config=config, body=body, content=content)


def _config(order: Order, problems: list[str]) -> dict[str, Any]:
    options = {"url": "--sender-url", "from": "--from", "from_address": "--from", "reply_to": "--reply-to"}
    channel = registry.get(order.channel)
    try:
        config = channel.config_from_url(order.sender_url, order.sender)
        if order.reply_to:
            config["reply_to"] = order.reply_to
        return channel.check_config(config)
    except ConfigInvalid as error:
        for name, sentence in error.problems.items():
            option = options.get(name, f"--sender-url ({name})")
            problems.append(f"{option}: {sentence}")
    return {}


def _body(order: Order, problems: list[str]) -> dict[str, Any]:
    given = {name: path for name in ("html", "mjml", "text") if (path := getattr(order, name)) is not None}
    if not given:
        problems.append(_("--html, --mjml or --text: name the file with the message."))
    if "html" in given and "mjml" in given:
        problems.append(_("--html, --mjml: give one of them."))
    texts = {name: _text(name, path, problems) for name, path in given.items()}
    if order.channel == "email" and not order.subject.strip():
        problems.append(_("--subject: a mail needs a subject."))
    if problems and (not given or None in texts.values() or {"html", "mjml"} <= given.keys()):
        return {}
    mode = next(name for name in ("mjml", "html", "text") if name in given)
    beside = texts.get("text") or "" if mode != "text" else ""
    fields = _fields(order, problems)
    return {
        **({"extras": fields} if fields else {}),
        "mode": mode,
        "subject": order.subject,
        "preheader": "",
        "source": texts[mode] or "",
        "text": beside,
    }


def _fields(order: Order, problems: list[str]) -> dict[str, str]:
    """Return what the message has beside its text; a line of several is written with \\n."""
    found = {}
    for given in order.fields:
        name, sign, value = given.partition("=")
        if not sign or name not in content_fields(order.channel):
            known = ", ".join(content_fields(order.channel)) or "-"
            problems.append(
                _("--field %(given)s: write one of these, = and a value: %(known)s.")
                % {"given": given, "known": known}
            )
            continue
        found[name] = value.replace("\\n", "\n")
    return found


def _text(name: str, path: Path, problems: list[str]) -> str | None:
    sentence = _unreadable(path)
    if not sentence and path.stat().st_size > MAX_BODY:
        sentence = _("the file is larger than %(limit)d MB.") % {"limit": MAX_BODY // 1_000_000}
    if not sentence:
        try:
            return path.read_text("utf-8-sig")
        except UnicodeDecodeError:
            sentence = _("the file is not UTF-8 text.")
        except OSError as error:
            sentence = f"{error.strerror}."
    problems.append(f"--{name} {path}: {sentence}")
    return None


def _unreadable(path: Path) -> str:
    """Return why the file cannot be read, as the end of a sentence; empty when it can."""
    try:
        with path.open("rb"):
            return ""
    except FileNotFoundError:
        return _("there is no such file.")
    except IsADirectoryError:
        return _("this is a directory.")
    except OSError as error:
        return f"{error.strerror}."


def _dialect(order: Order, problems: list[str]) -> dict[str, Any]:
    path = order.csv
    if sum(map(bool, (path, order.sheet_url, order.watch))) > 1:
        problems.append(_("--csv, --sheet-url, --watch: give one of them."))
        return {}
    if order.sheet_url or order.watch:
        return {}  # it is read when the order is placed
    if path is None:
        problems.append(_("--csv: name the file with the recipients."))
        return {}
    if sentence := _unreadable(path):
        problems.append(f"--csv {path}: {sentence}")
        return {}
    try:
        with TemporaryDirectory(prefix="clarion-") as folder:
            return dialect_of(path, order.channel, _overrides(order), folder=Path(folder))
    except (CsvInvalid, OSError) as error:
        problems.append(f"--csv {path}: {error}")
        return {}


def _overrides(order: Order) -> dict[str, Any]:
    return {name: value for name in ("address", "sheet") if (value := getattr(order, name))}


def _content(order: Order, body: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    try:
        return compiling.compile_source(order.channel, body).content
    except ContentInvalid as error:
        for one in error.problems:
            option = f"--{body['mode']}" if one.field == "source" else f"--{one.field}"
            line = _("line %(n)d: ") % {"n": one.line} if one.line else ""
            sentence = f"{option}: {line}{one.sentence}"
            if not any(known.startswith(f"{option}: ") for known in problems if one.field == "subject"):
                problems.append(sentence)
    except TrialFailed:
        problems.append(_("The message could not be tried out just now; try again."))
    return {}


def compare(content: Mapping[str, Any], dialect: Mapping[str, Any], problems: list[str]) -> None:
    known = dialect["variables"]
    missing = queries.missing_variables(content, known)
    if missing:
        problems.append(
            _("The message uses %(missing)s, and the file has no such column. It has: %(known)s.")
            % {"missing": ", ".join(missing), "known": ", ".join(known)}
        )


def place(checked: Checked, *, by: Actor, progress: reading.Progress | None = None) -> Campaign:
    """Make the sender unless there is the same, read the file, make the campaign and start it.

    `progress` is told as the file is read. Raises OrderInvalid; neither campaign nor source stay then.
    """
    order = checked.order
    if by.workspace.moderation:
        raise OrderInvalid([_("Campaigns of this workspace are sent only after a moderator approved them.")])
    sender = _sender(checked, by)
    from clarion.runtime import live_orders  # which knows what an order is

    further = [(tier, step, _sender(step, by)) for tier, step in checked.further]
    source = live_orders.source(checked, by) if order.csv is None else _source(checked, order.csv, by)
    campaign: Campaign | None = None
    try:
        if order.csv is not None:
            source = reading.read_source(source, progress)
        if source.table.status != SourceStatus.READY:
            raise OrderInvalid([f"--csv {order.csv}: {source.failure}"])
        campaign = operations.create_campaign(
            name=order.name, by=by, rate_limit=order.rate, receipt_wait=checked.receipt_wait
        )
        campaign = operations.set_source(campaign=campaign, source=source, by=by)
        operations.set_step(campaign=campaign, channel=order.channel, by=by, sender=sender, body=checked.body)
        for position, (tier, step, its_sender) in enumerate(further, start=1):
            operations.set_step(
                campaign=campaign, channel=step.order.channel, by=by, sender=its_sender, body=step.body,
                position=position, tier=tier,
            )  # fmt: skip
        return operations.start(campaign=campaign, by=by)
    except BaseException as error:
        _take_back(campaign, source, by)
        if isinstance(error, CampaignInvalid):
            raise OrderInvalid(error.problems) from None
        raise


def _take_back(campaign: Campaign | None, source: Source, by: Actor) -> None:
    if campaign is not None:
        delete_campaign(campaign=campaign, by=by)
    audience.delete_source(by=by, source=source)


def _source(checked: Checked, csv: Path, by: Actor) -> Source:
    try:
        with csv.open("rb") as file:
            return audience.create_upload_source(
                by=by,
                file=file,
                file_name=csv.name,
                channel=checked.order.channel,
                dialect_overrides=_overrides(checked.order),
            )
    except (CsvInvalid, OSError) as error:
        raise OrderInvalid([f"--csv {csv}: {error}"]) from None


def _sender(checked: Checked, by: Actor) -> Sender:
    """Return the workspace's sender with these very settings, made if there is none."""
    channel = checked.order.channel
    config = registry.get(channel).check_config(
        shared.completed(workspace=by.workspace, channel=channel, config=checked.config)
    )
    for sender in Sender.objects.filter(workspace=by.workspace, channel=channel).order_by("pk"):
        try:
            is_same = secrets.open_config(sender) == config
        except SecretsLost:
            continue
        if is_same:
            # Whoever gives the account anew wants it used; one that a person paused stays paused.
            is_blocked = sender.status == SenderStatus.BLOCKED
            return senders.activate_sender(sender=sender, by=by) if is_blocked else sender
    return _new_sender(channel, config, by)


def _new_sender(channel: str, config: dict[str, Any], by: Actor) -> Sender:
    place = f"{config['host']}:{config['port']}" if "host" in config else channel
    name = " via ".join(filter(None, [config.get("from_address", ""), place]))[:110]
    for number in range(1, 1000):
        shown = name if number == 1 else f"{name} ({number})"
        try:
            return senders.create_sender(by=by, channel=channel, name=shown, config=config)
        except NameTaken:
            continue
    raise OrderInvalid([_("There are too many senders called %(name)s.") % {"name": name}])
