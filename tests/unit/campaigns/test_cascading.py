"""The rules of a cascade against a plain model of people, channels, outcomes and the times at which they come."""

from hypothesis import given
from hypothesis import strategies as st

from clarion.deliveries.cascading import Do, Rules, Told, decide, person_stage
from clarion.deliveries.states import Result, Stage

WAIT = 30.0
#: What a channel can come to: (stage, seconds until it ends, receipt or None, seconds from then to the receipt).
_ENDS = st.sampled_from([Stage.SENT, Stage.SENT, Stage.FAILED, Stage.UNKNOWN, Stage.SKIPPED])
_FATES = st.tuples(
    _ENDS,
    st.integers(0, 20),
    st.sampled_from([None, None, Result.DELIVERED, Result.BOUNCED, Result.DELAYED, Result.READ]),
    st.integers(1, 80),
)
_TIERS = st.lists(st.integers(1, 3), min_size=1, max_size=3)


@st.composite
def _stories(draw):
    sizes = draw(_TIERS)
    steps = sum(sizes)
    numbers = iter(range(steps))
    tiers = [[next(numbers) for _ in range(size)] for size in sizes]
    fates = draw(st.lists(_FATES, min_size=steps, max_size=steps))
    reporting = frozenset(draw(st.sets(st.integers(0, steps - 1))))
    wait = draw(st.sampled_from([None, WAIT]))
    looks = draw(st.lists(st.integers(0, 300), max_size=20))
    return Rules(tiers=tiers, reporting=reporting, wait=wait), fates, looks


class _Person:
    """Somebody whose messages meet their fates as time goes by."""

    def __init__(self, rules, fates):
        self.rules, self.fates = rules, fates
        self.released_at = {0: 0.0}
        self.end = None

    def messages(self, now):
        told = {}
        for tier, began in self.released_at.items():
            for step in self.rules.tiers[tier]:
                stage, lasts, result, after = self.fates[step]
                ended = began + lasts
                if stage is Stage.SKIPPED:
                    told[step] = Told(stage, None, began)
                elif now < ended:
                    told[step] = Told(Stage.IN_FLIGHT)
                elif result and now >= ended + after and stage in (Stage.SENT, Stage.UNKNOWN):
                    # A receipt proves that an unknown message was taken.
                    told[step] = Told(Stage.SENT if result is not Result.DELAYED else stage, result, ended)
                else:
                    told[step] = Told(stage, None, ended)
        return told

    def look(self, now):
        if self.end is not None:
            return None
        found = decide(self.rules, self.messages(now), now)
        if found.do is Do.RELEASE:
            assert found.tier not in self.released_at
            self.released_at[found.tier] = now
        elif found.do is Do.END:
            self.end = (now, found.stage)
        elif found.do is Do.WAIT:
            assert found.until > now
        return found


def _plainly(rules, fates):
    """Return which tiers go, by looking at every second: the rules as a person would tell them."""
    began = [0]
    while True:
        moment = began[-1]
        while True:
            said = [
                _said(rules, fates[step], step, at, moment)
                for tier, at in enumerate(began)
                for step in rules.tiers[tier]
            ]
            if "under way" not in said and ("arrived" in said or "open" not in said):
                break
            moment += 1
        if "arrived" in said or "unknown" in said or len(began) == len(rules.tiers):
            return list(range(len(began)))
        began.append(moment)


def _said(rules, fate, step, began, now):
    stage, lasts, result, after = fate
    ended = began + lasts
    if stage is Stage.SKIPPED:
        return "failed"
    if now < ended:
        return "under way"
    if stage is Stage.FAILED:
        return "failed"
    heard = result if result and now >= ended + after else None
    is_taken = stage is Stage.SENT or heard not in (None, Result.DELAYED)
    if rules.wait is None:
        return "arrived" if is_taken else "unknown"
    if heard in (Result.DELIVERED, Result.READ):
        return "arrived"
    if heard is Result.BOUNCED:
        return "failed"
    if now < ended + rules.wait:
        return "open"
    if not is_taken:
        return "unknown"
    return "failed" if step in rules.reporting else "arrived"


@given(_stories())
def test_looked_at_each_second_a_person_gets_the_tiers_that_a_plain_model_names(story):
    rules, fates, _looks = story
    person = _Person(rules, fates)
    for now in range(500):
        person.look(float(now))
    assert sorted(person.released_at) == _plainly(rules, fates)
    assert person.end is not None


@given(_stories())
def test_whenever_it_is_looked_no_tier_goes_twice_nor_after_an_arrival_nor_beside_an_unknown(story):
    rules, fates, looks = story
    person = _Person(rules, fates)
    for now in sorted(looks):
        before = person.messages(float(now))
        found = person.look(float(now))
        if found is not None and found.do is Do.RELEASE:
            stages = [told.stage for told in before.values()]
            assert not {Stage.UNKNOWN, Stage.PENDING, Stage.IN_FLIGHT} & set(stages)
            assert not any(told.result in (Result.DELIVERED, Result.READ) for told in before.values()
                           if rules.wait is not None)  # fmt: skip
            if rules.wait is None:
                assert Stage.SENT not in stages
            assert sorted(person.released_at) == list(range(found.tier + 1))


@given(
    st.lists(st.sampled_from(list(Stage)), min_size=1, max_size=16).filter(lambda s: Stage.PARTLY not in s)
)
def test_a_person_is_sent_when_every_channel_was_and_failed_when_every_channel_was(stages):
    stage = person_stage(stages)
    counted = [one for one in stages if one is not Stage.SKIPPED]
    if {Stage.PENDING, Stage.IN_FLIGHT} & set(counted):
        assert stage is Stage.PENDING
    elif not counted:
        assert stage is Stage.SKIPPED
    elif Stage.UNKNOWN in counted:
        assert stage is Stage.UNKNOWN
    else:
        assert (stage is Stage.SENT) == (set(counted) == {Stage.SENT})
        assert (stage is Stage.PARTLY) == (Stage.SENT in counted and len(set(counted)) > 1)
        assert (stage is Stage.FAILED) == (set(counted) == {Stage.FAILED})
