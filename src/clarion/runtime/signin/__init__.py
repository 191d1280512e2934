"""Getting in: allauth's flows with our limits, letters, trail and single sign-on. Loaded by web processes only."""
