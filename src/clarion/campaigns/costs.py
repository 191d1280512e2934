"""What a campaign will cost, foretold from its price list and some of its people, and set apart when it is launched."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from clarion.audience import queries as audience
from clarion.audience.models import Source, SourceStatus
from clarion.audience.queries import Way
from clarion.campaigns import material
from clarion.campaigns.models import Campaign, Launch, Step
from clarion.channels import registry, tongues
from clarion.channels.base import ConfigInvalid, StepContext
from clarion.engine.messages import Claim, RenderFailed
from clarion.engine.ports import Composer
from clarion.senders import secrets
from clarion.senders.errors import SecretsLost
from clarion.senders.prices import queries as prices
from clarion.senders.prices.tariff import Tariff
from clarion.workspaces.models import Account
from clarion.workspaces.money import operations as accounts
from clarion.workspaces.money.errors import BalanceTooLow

#: People whose messages are priced one by one; of a larger audience the rest is taken to be like them.
SAMPLE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a campaign is expected to cost, in millionths of the account's currency."""

    currency: str
    #: Of the first messages to everybody.
    amount: int
    #: At most so much more when everybody also gets every fallback.
    fallbacks: int
    #: What is not promised to other campaigns.
    available: int
    #: Whether everybody was priced.
    is_exact: bool
    #: Channels for some of whose messages there is no price: those cost nothing.
    unpriced: Sequence[str] = field(default_factory=tuple)

    @property
    def suffices(self) -> bool:
        return self.amount <= self.available


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many people get a campaign, and how many each of several channels reaches (none where there is one)."""

    recipients: int
    ways: Sequence[Way] = ()

    def at_once(self, channel: str) -> int:
        """Return how many get the channel's message at the start."""
        return next((way.at_once for way in self.ways if way.channel == channel), self.recipients)

    def at_most(self, channel: str) -> int:
        """Return how many get the channel's message when everything before it fails."""
        return next((way.people for way in self.ways if way.channel == channel), self.recipients)


def foretold(campaign: Campaign, steps: Sequence[Step], size: Size) -> Cost | None:
    """Return what the messages to so many people will cost; None when the workspace has no balance."""
    account = account_of(campaign)
    if account is None:
        return None
    amount = fallbacks = 0
    is_exact, unpriced = True, []
    for step in steps:
        if step.sender is None:
            continue
        tariff = prices.tariff(campaign.workspace, step.channel, step.sender_id, step.sender.config)
        if not tariff.rates:
            unpriced.append(step.channel)
            continue
        total, count = _priced(campaign, step, tariff)
        at_once, later = size.at_once(step.channel), size.at_most(step.channel)
        is_exact = is_exact and count >= at_once
        first, whole = (
            -(-total * people // count) if count else tariff.rate("").cost(1) * people
            for people in (at_once, later)
        )
        amount += first
        fallbacks += whole - first
    return Cost(
        currency=account.currency, amount=amount, fallbacks=fallbacks, available=account.available,
        is_exact=is_exact, unpriced=tuple(dict.fromkeys(unpriced)),
    )  # fmt: skip


def account_of(campaign: Campaign) -> Account | None:
    """Return the account that pays for the campaign; None when nothing costs anything."""
    if not campaign.workspace.has_balance:
        return None
    return Account.objects.filter(workspace_id=campaign.workspace_id).first()


def set_apart(campaign: Campaign, *, size: Size, by: str, is_begun: bool) -> None:
    """Set apart what a campaign is expected to cost, in the transaction that launches it.

    One that only waits for its time (not `is_begun`) is looked at, and sets nothing apart before it begins. Raises
    BalanceTooLow with the numbers.
    """
    steps = sorted(campaign.steps.select_related("sender", "template_version"), key=lambda one: one.position)
    cost = foretold(campaign, steps, size)
    if cost is None:
        return
    if is_begun:
        accounts.hold(
            workspace=campaign.workspace,
            campaign_id=campaign.pk,
            name=campaign.name,
            amount=cost.amount,
            by=by,
        )
    elif not cost.suffices:
        raise BalanceTooLow(needed=cost.amount, available=cost.available, currency=cost.currency)


def size_of(campaign: Campaign) -> Size:
    """Return how many people will get the campaign, counted now; nobody when that cannot be known."""
    source = campaign.source
    if campaign.launch == Launch.TRIGGER or source is None or source.table.status != SourceStatus.READY:
        return Size(recipients=0)
    steps = list(campaign.steps.all())
    if len(steps) > 1:
        counted = material.counted_together(campaign, source, steps)
        return Size(recipients=counted.waterfall.will_receive, ways=counted.ways)
    sizes = [
        material.counted(campaign, source, step.channel).will_receive
        for step in steps
        if material.suits(source, step.channel)
    ]
    return Size(recipients=max(sizes, default=0))


def _priced(campaign: Campaign, step: Step, tariff: Tariff) -> tuple[int, int]:
    """Return what the messages to some of the audience cost, and to how many people those are."""
    source = campaign.source
    people = people_of(source, step) if source is not None else []
    composer = composer_of(campaign, step) if tariff.most > 1 else None
    total = 0
    for number, (address, variables) in enumerate(people, start=1):
        rate = tariff.rate(address)
        total += rate.cost(1 if rate.period else _units(composer, number, address, variables))
    return total, len(people)


def people_of(source: Source, step: Step) -> list[tuple[str, dict[str, Any]]]:
    """Return (address, variables) of the first people of a source on the step's channel, at most SAMPLE."""
    if source.table.status != SourceStatus.READY:
        return []
    return audience.addressed(source, registry.get(step.channel).address_kind, SAMPLE)


def _units(composer: Composer | None, number: int, address: str, variables: dict[str, Any]) -> int:
    if composer is None:
        return 1
    claim = Claim(run_id=0, delivery_id=number * 16, attempt=1, address=address, variables=variables)
    try:
        return composer.compose(claim).cost
    except RenderFailed:
        return 1  # nothing will be sent to them, or something else


def composer_of(campaign: Campaign, step: Step) -> Composer | None:
    """Return what fills in the step's message; None when there is none yet, or something is wrong with it."""
    content = step.template_version.content if step.template_version is not None else step.body_content
    if not content or step.sender is None:
        return None
    context = StepContext(
        workspace_id=campaign.workspace_id, run_id=0, campaign_public_id=str(campaign.public_id),
        public_url=settings.CLARION_PUBLIC_URL, token_key=bytes(32),
    )  # fmt: skip
    try:
        return tongues.composer(
            registry.get(step.channel), content, secrets.ready_config(step.sender), context
        )
    except (ConfigInvalid, RenderFailed, SecretsLost):
        return None  # other checks tell what is wrong with it
