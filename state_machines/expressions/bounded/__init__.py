"""CEL evaluated within bounds: each step and each byte is counted while it is made."""
