"""Calls over an Asterisk of one's own, by its REST interface (ARI)."""
