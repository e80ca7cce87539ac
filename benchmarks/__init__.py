"""How fast makegood is, at true durability. `python -m benchmarks` runs everything; see README.md."""
