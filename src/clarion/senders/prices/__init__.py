"""What messages cost: a list of prices by channel, sender and beginning of the number."""
