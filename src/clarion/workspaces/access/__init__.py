"""Getting in: what the installation remembers of it, and who vouches for people (single sign-on)."""
