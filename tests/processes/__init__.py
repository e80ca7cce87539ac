"""Tests with real processes: prefork workers as in production, a real broker, real databases."""
