"""The inbox: what providers tell is stored first, in one cheap insert, and understood and applied a moment later.

Callbacks (`clarion.hooks`) and listening transports put into it; a thread of every sending process applies it, one
of them at a time (`applying`). Nothing in it depends on an order, and anything may come twice.
"""
