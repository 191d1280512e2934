"""Secrets that all senders of one channel in a workspace have in common, such as the key pair of web push."""
