"""The archive of service alerts: what a case leaves behind, written from the ledger, found by its words."""
