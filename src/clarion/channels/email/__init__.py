"""Mail over SMTP.

Words: a *mail* is one message ready for the wire; its *envelope* is what SMTP sees, its *fields* are the
header; an *ability* is an extension that the server offers. May import `clarion.channels.base`, the engine
and `clarion.lib`.
"""

from clarion.channels.email.channel import EmailChannel

CHANNEL = EmailChannel()

__all__ = ["CHANNEL"]
