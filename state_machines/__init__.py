"""What may happen: lifecycles, decisions and the arithmetic of time, pure and deterministic."""
