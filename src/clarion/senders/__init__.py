"""By whom it is sent: configured accounts on a channel, with sealed credentials, limits and health."""
