"""What is loaded for good is never searched for garbage again."""

import gc
from collections.abc import Iterator

import pytest

from clarion.lib import loading


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_nothing_is_collected_within_and_all_that_is_there_is_left_alone_afterwards() -> None:
    with loading.uncollected():
        assert not gc.isenabled()
        made = [[n] for n in range(50)]

    assert gc.isenabled()
    assert gc.get_freeze_count() > len(made)
    assert not {id(one) for one in gc.get_objects()} & {id(one) for one in made}


def test_a_collector_that_was_off_stays_off_and_a_failure_turns_it_on_again() -> None:
    with loading.uncollected():
        with loading.uncollected():
            pass
        assert not gc.isenabled()

    with pytest.raises(ValueError, match="broken"), loading.uncollected():
        raise ValueError("broken")
    assert gc.isenabled()
