"""Small things without a domain: clock, ids, crypto, text, templates. Imports neither Django nor a domain app."""
