"""Who is on duty when: shifts, hand-overs, and calendars to import."""
