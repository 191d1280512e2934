"""What can go wrong with members and their rights."""

from collections.abc import Mapping


class NotAllowed(Exception):
    """The member's role does not include this."""


class WorkspaceInvalid(Exception):
    """Something is wrong with what a workspace is to be called or how. `fields` holds a sentence for each field."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = dict(fields)


class NameInvalid(Exception):
    """A name has 1 to 120 printable characters."""


class MemberRefused(Exception):
    """This member or invitation cannot be changed so; the message says why."""


class TokenInvalid(Exception):
    """Something is wrong with what was said of a key for programs. `fields` holds a sentence for each field."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = dict(fields)


class InvitationVoid(Exception):
    """The link is unknown, used, withdrawn or too old, or is for somebody else; the message says what to do."""
