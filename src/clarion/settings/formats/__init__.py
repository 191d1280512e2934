"""Where our languages' formats differ from Django's: they follow the Unicode Common Locale Data Repository."""
