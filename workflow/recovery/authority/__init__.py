"""Authority: in whose name somebody acts at the desk, and what they may decide there."""
