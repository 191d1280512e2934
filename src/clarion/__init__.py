"""Clarion: a self-hosted outbound campaign manager."""
