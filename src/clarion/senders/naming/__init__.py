"""Names that short messages are sent under: each change is a revision that an administrator approves."""
