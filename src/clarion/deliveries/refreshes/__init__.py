"""Comparing the targets of very many people, and applying it, by a background job: nobody's page waits for that."""
