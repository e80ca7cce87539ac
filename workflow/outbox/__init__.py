"""Effects committed with decisions: claimed, relayed, settled; receipts come back here."""
