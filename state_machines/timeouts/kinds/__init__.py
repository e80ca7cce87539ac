"""The kinds of timeouts, one file each, and the table that names them all."""
