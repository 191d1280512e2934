"""Telling webhooks of what the ledger holds: deliveries after the fact, receipts by batches, addresses when they are
sent. An endpoint that does not ask for deliveries costs their sending nothing, and one that does is told of them by
another process, which reads chunk by chunk behind the claims (`feeding`)."""
