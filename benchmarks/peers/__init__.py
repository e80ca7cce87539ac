"""What a user would pick instead of makegood, behind one small port, for the same work in the same session.

`on_*.py`, `port.py` and `sink.py` run in the peers' own virtual environments: they import the standard
library, each other and the peer alone. Everything else runs beside the benchmarks.
"""
