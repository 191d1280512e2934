"""Providers' calls to `/hooks/<sender>/…`: verified by the sender's channel, stored in the inbox, answered at once.

What they tell is applied a moment later (`clarion.deliveries.inbox.applying`). `receiving` is the whole way without
a server; `views` serves it in the web processes, `server` in a process of its own for many thousands a second.
"""
