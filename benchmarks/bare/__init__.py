"""The limit beside which makegood is measured: the same work by hand, in bare psycopg or sqlite3."""
