"""The live spreadsheet of a campaign that is ordered in one go."""

from django.utils.translation import gettext as _

from clarion.audience import operations, queries
from clarion.audience.errors import SheetInvalid
from clarion.audience.livesheets import rereading
from clarion.audience.models import LiveSheet, Source
from clarion.runtime.orders import Checked, Order, OrderInvalid, compare
from clarion.workspaces.actors import Actor


def source(checked: Checked, by: Actor) -> Source:
    """Return a source of the live spreadsheet that the order names: the one of that place, or a new one; it is read.

    Raises OrderInvalid when it cannot be read, or lacks what the message uses; a new one is forgotten then.
    """
    order = checked.order
    option = f"--sheet-url {order.sheet_url}" if order.sheet_url else f"--watch {order.watch}"
    sheet, is_new = _sheet(order, option, by)
    problems: list[str] = []
    sheet = rereading.reread(sheet)
    if sheet.problem or sheet.copy is None:
        problems.append(f"{option}: {sheet.problem}")
    else:
        compare(checked.content, sheet.copy.dialect, problems)
    if problems:
        if is_new:
            operations.delete_sheet(by=by, sheet=sheet)
        raise OrderInvalid(problems)
    return operations.create_sheet_source(by=by, sheet=sheet)


def _sheet(order: Order, option: str, by: Actor) -> tuple[LiveSheet, bool]:
    overrides = {name: value for name in ("address", "sheet") if (value := getattr(order, name))}
    for one in queries.sheets_of(by.workspace).filter(url=order.sheet_url.strip(), path=order.watch.strip()):
        if (one.channel, one.overrides) == (order.channel, overrides):
            return one, False
    for number in range(1, 1000):
        name = order.name.strip()[:110] if number == 1 else f"{order.name.strip()[:110]} ({number})"
        try:
            return operations.create_sheet(
                by=by, name=name, url=order.sheet_url, path=order.watch, channel=order.channel, overrides=overrides
            ), True  # fmt: skip
        except SheetInvalid as refusal:
            if "name" not in refusal.problems:
                raise OrderInvalid([f"{option}: {one}" for one in refusal.problems.values()]) from None
    raise OrderInvalid([_("There are too many live sources called %(name)s.") % {"name": order.name}])
