"""Watching over the processes of one machine: `makegood up` and `makegood demo`."""
