"""What can go wrong with members and their rights."""


class NotAllowed(Exception):
    """The member's role does not include this."""


class NameInvalid(Exception):
    """A name has 1 to 120 printable characters."""
