"""What the ledger records, on its way out: one look at it a process, for all who follow it."""
