"""Spreadsheets at a URL or on the server: where they are, reading them again, and what came of it."""
