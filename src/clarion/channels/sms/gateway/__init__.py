"""SMS through any gateway with an HTTP interface, described by the sender's settings; Kannel's as they come."""
