"""Small things without a domain: clock, ids, crypto, text, templates. Imports no Django and no app."""
