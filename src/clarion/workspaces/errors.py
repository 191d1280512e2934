"""What can go wrong with members and their rights."""


class NotAllowed(Exception):
    """The member's role does not include this."""
