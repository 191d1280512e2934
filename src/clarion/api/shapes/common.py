"""What all shapes share: words of closed lists, pages, moments, masks."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeAlias, TypeVar

import orjson
from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field

from clarion.audience.masking import mask, mask_name
from clarion.campaigns.models import Launch, MissedPolicy, RepeatUnit
from clarion.campaigns.states import Status
from clarion.channels.registry import CHANNELS
from clarion.deliveries.states import Result, Skip, Stage
from clarion.workspaces.models import Membership

T = TypeVar("T")

#: Numbers of the database: 16, 32 and 64 bits.
SMALL, INT, BIG = 2**15 - 1, 2**31 - 1, 2**63 - 1
#: Rows on a page, and the most.
PAGE, MOST_ROWS = 50, 200


class Input(Schema):
    """A body; a name that is not known is a mistake, not an extra."""

    model_config = ConfigDict(extra="forbid")


class Problem(Schema):
    """What went wrong (RFC 9457, application/problem+json)."""

    type: str = Field(examples=["urn:clarion:problem:transition_refused"])
    title: str
    status: int
    #: Stable, for programs.
    code: str = Field(description="Stable, for programs.", examples=["transition_refused"])
    detail: str = Field(description="A sentence for people.")
    errors: list[dict[str, Any]] | None = Field(
        None,
        description="Field by field, where it is about fields.",
        examples=[[{"field": "name", "detail": "…"}]],
    )


class Page(Schema, Generic[T]):
    """Some of many; `next` is the cursor of the rows after them, null at the end."""

    items: list[T]
    next: str | None = Field(description="Send it as `cursor` to go on; null at the end.")


def words(known: Collection[str]) -> Any:
    """Return the type of a word of a closed list."""

    def check(word: str) -> str:
        if word not in known:
            raise ValueError(f"choose one of: {', '.join(known)}")
        return word

    return Annotated[str, AfterValidator(check), Field(json_schema_extra={"enum": list(known)})]


def lower(values: Sequence[str]) -> list[str]:
    """Return the words by which an enumeration is known outside."""
    return [value.lower() for value in values]


if TYPE_CHECKING:
    StatusWord: TypeAlias = str
    LaunchWord: TypeAlias = str
    ChannelWord: TypeAlias = str
    StageWord: TypeAlias = str
    SkipWord: TypeAlias = str
    ResultWord: TypeAlias = str
    UnitWord: TypeAlias = str
    MissedWord: TypeAlias = str
else:
    StatusWord = words(lower(Status.values))
    LaunchWord = words(lower(Launch.values))
    ChannelWord = words(tuple(CHANNELS))
    StageWord = words(lower(Stage.names))
    SkipWord = words([*lower(Skip.names), "none"])
    ResultWord = words(lower(Result.names))
    UnitWord = words(lower(RepeatUnit.values))
    MissedWord = words(lower(MissedPolicy.values))


def cursor_of(*key: Any) -> str:
    """Return the cursor of the row with this key: opaque, and safe in an address."""
    from base64 import urlsafe_b64encode

    return urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def key_of(cursor: str, *kinds: type) -> tuple[Any, ...] | None:
    """Return the key in a cursor, None without one. Raises `cursor_invalid` for what was not given out here."""
    from base64 import urlsafe_b64decode

    from clarion.api import problems

    if not cursor:
        return None
    try:
        key = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        raise problems.own("cursor_invalid") from None
    is_ours = isinstance(key, list) and len(key) == len(kinds) and all(map(isinstance, key, kinds))
    if not is_ours or any(isinstance(one, int) and not 0 <= one <= BIG for one in key):
        raise problems.own("cursor_invalid")
    return tuple(key)


def sees_people(member: Membership) -> bool:
    """Whether whole addresses and names are answered."""
    return member.sees_people


def address(member: Membership, whole: str) -> str:
    """Return an address as the member may see it."""
    return whole if sees_people(member) else mask(whole)


def person_name(member: Membership, whole: str) -> str:
    """Return a person's name as the member may see it."""
    return whole if sees_people(member) else mask_name(whole)
