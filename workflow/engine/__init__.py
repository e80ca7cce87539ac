"""Accept, apply, fire: one transaction a batch. The only writer of subject state."""
