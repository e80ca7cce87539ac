"""Tests with real processes: prefork workers as they run in production, on a real broker and real databases."""
