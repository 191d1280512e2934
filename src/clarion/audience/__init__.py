"""Who is written to: contacts, lists, sources of recipients, imports and suppressions."""
