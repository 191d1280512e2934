"""Spanish: a full stop between thousands, so that no line breaks inside of a number."""

THOUSAND_SEPARATOR = "."
