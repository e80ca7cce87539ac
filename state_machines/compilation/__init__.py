"""One pass over a definition: its expressions and arguments compiled, its faults collected."""
