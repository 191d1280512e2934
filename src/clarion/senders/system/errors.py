"""What can go wrong with the system sender."""


class SystemSenderRefused(Exception):
    """The sender cannot be the system's; the message says why."""


class SystemSenderUnusable(Exception):
    """There is a system sender, but it cannot be used as it is; the message says why."""
