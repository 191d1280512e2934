"""Calls by a provider on the web: Twilio, and what is shaped like it."""
