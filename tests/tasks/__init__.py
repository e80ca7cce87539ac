"""Tests of what gets done, without worker processes."""
