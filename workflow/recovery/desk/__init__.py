"""The desk: the line of calls and escalations that wait for a person, and who takes which."""
