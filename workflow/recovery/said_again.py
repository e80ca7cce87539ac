"""Topics of which a lost word needs no person."""

SAID_AGAIN = ("bell", "escalation")
"""What is said again until somebody answers: its own lifecycle goes on by itself.

Somebody told of each that was lost would be told by the next of them, without an end.
"""
