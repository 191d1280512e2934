"""Which move a revision of a name allows, and who may make it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from clarion.senders.naming.models import NameStatus
from clarion.workspaces.permissions import Permission


class Move(StrEnum):
    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Rule:
    sources: frozenset[NameStatus]
    to: NameStatus
    permission: Permission


_OPEN = frozenset({NameStatus.DRAFT, NameStatus.PENDING})
RULES: Mapping[Move, Rule] = {
    Move.SUBMIT: Rule(frozenset({NameStatus.DRAFT}), NameStatus.PENDING, Permission.EDIT),
    Move.APPROVE: Rule(frozenset({NameStatus.PENDING}), NameStatus.APPROVED, Permission.MANAGE_SENDERS),
    Move.REJECT: Rule(frozenset({NameStatus.PENDING}), NameStatus.REJECTED, Permission.MANAGE_SENDERS),
    Move.WITHDRAW: Rule(_OPEN, NameStatus.ARCHIVED, Permission.EDIT),
}
