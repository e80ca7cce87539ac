"""Who is on duty when: hand-overs at a wall time in a zone, shifts from a calendar, overrides. Pure."""
