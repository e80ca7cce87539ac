"""What can be asked of the store: read only, no decisions, one question a file."""
