"""A log of real events through a lifecycle, on a virtual clock, through the same engine and store."""
