"""What became of it: runs, recipients, deliveries, attempts and receipts: the ledger.

The sending process reads and writes it in batches through `store`; screens read it through `queries`.
"""
