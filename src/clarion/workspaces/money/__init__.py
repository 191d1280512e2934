"""What a workspace has to spend: its account, the ledger of it, and amounts as whole millionths of a currency."""
