"""Outgoing webhooks: telling programs of others what happens in a workspace.

An **endpoint** is an address that is told of chosen kinds of events. What happens is kept as a **notice** in the
transaction that made it happen, packed into **batches** of events for each endpoint, and posted by the process of
the background jobs, at least once and in order. Deliveries are too many for notices: they are read from the ledger
afterwards, by a **feed** that knows how far it has come in a run (`clarion.deliveries.telling`).

May import `clarion.workspaces` and what is below it; everything that has something to tell may import this.
"""
