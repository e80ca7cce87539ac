"""The resources under `/v1`, one file each."""
