"""Tables, statements and migrations: SQLite and PostgreSQL behind one contract."""
