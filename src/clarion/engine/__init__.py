"""The sending engine: plain asyncio, no Django, no provider.

Words: a *lane* is one sender's queue owned by one process; a *claim* is a small batch of deliveries marked as
in flight before anything is handed over; a *transport* hands one message to a provider and answers with an
*outcome*; the *store* keeps the ledger; the *journal* remembers hand-overs across a crash.

May import `clarion.lib` only.
"""
