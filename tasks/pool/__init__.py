"""A worker's pool: what each of its processes works with, the run loop and the slots."""
