"""What is sealed comes back, for the same purpose, owner and secret only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.lib.sealing import SealBroken, Sealer

SECRET = "first secret of the installation"
OTHER = "second secret of the installation"


def sealer(*secrets: str, purpose: str = "test") -> Sealer:
    return Sealer(secrets or (SECRET,), purpose=purpose)


@given(st.binary(max_size=5000), st.text(max_size=20))
def test_what_is_sealed_comes_back(plain: bytes, owner: str) -> None:
    box = sealer().seal(plain, owner=owner)

    assert sealer().open(box, owner=owner) == plain
    assert len(plain) < 8 or plain not in box


def test_two_boxes_of_one_secret_differ() -> None:
    assert sealer().seal(b"same", owner="a") != sealer().seal(b"same", owner="a")


@pytest.mark.parametrize(
    ("opener", "owner"),
    [(sealer(OTHER), "row 1"), (sealer(purpose="other"), "row 1"), (sealer(), "row 2")],
    ids=["other secret", "other purpose", "other owner"],
)
def test_opens_for_its_own_only(opener: Sealer, owner: str) -> None:
    box = sealer().seal(b"password", owner="row 1")

    with pytest.raises(SealBroken):
        opener.open(box, owner=owner)


@given(st.data())
def test_an_altered_box_does_not_open(data: st.DataObject) -> None:
    box = bytearray(sealer().seal(b"password", owner="a"))
    at = data.draw(st.integers(0, len(box) - 1))
    box[at] ^= data.draw(st.integers(1, 255))

    with pytest.raises(SealBroken):
        sealer().open(bytes(box), owner="a")


@given(st.binary(max_size=60))
def test_no_octets_make_it_fail_otherwise(box: bytes) -> None:
    with pytest.raises(SealBroken):
        sealer().open(box, owner="a")


def test_a_new_secret_opens_what_the_old_one_sealed() -> None:
    box = sealer(SECRET).seal(b"password", owner="a")
    rotated = sealer(OTHER, SECRET)

    assert rotated.open(box, owner="a") == b"password"
    assert not rotated.is_current(box)
    assert rotated.is_current(rotated.seal(b"password", owner="a"))


def test_needs_a_secret() -> None:
    with pytest.raises(ValueError, match="needs a secret"):
        Sealer([""], purpose="test")
