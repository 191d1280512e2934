"""What a lane was refused for good and the ledger is still to be told of: its sender, or what a campaign says."""

from clarion.engine.outcomes import Reason
from clarion.engine.plan import LaneSpec, RunSpec
from clarion.engine.ports import Store


class Refusals:
    """Kept until the store has taken them: whoever tells again after a lost database tells the same."""

    def __init__(self) -> None:
        #: Why the provider does not let the sender send; None while it does.
        self.of_sender: tuple[Reason, str] | None = None
        self._is_told = False
        self._of_campaigns: list[tuple[RunSpec, Reason, str]] = []

    def add(self, run: RunSpec, reason: Reason, detail: str) -> None:
        """Note that a campaign's content is refused."""
        self._of_campaigns.append((run, reason, detail))

    async def tell(self, store: Store, spec: LaneSpec) -> None:
        """Have the store do what follows from them, each once. Raises StoreDown."""
        if self.of_sender and not self._is_told:
            await store.refuse_sender(spec, *self.of_sender)
            self._is_told = True
        while self._of_campaigns:
            await store.pause_campaign(*self._of_campaigns[0])
            del self._of_campaigns[0]
