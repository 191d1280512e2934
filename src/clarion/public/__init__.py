"""Pages for the people who get the messages: no account, no cookies, nothing but what a token in a link opens."""
