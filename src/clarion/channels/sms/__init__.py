"""Short messages over SMPP 3.4."""
