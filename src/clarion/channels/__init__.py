"""The ways to reach people: one folder a channel, a contract in `base`, and a registry."""
