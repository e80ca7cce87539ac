"""What is searched, and how: without a database. With one: tests/contracts/test_search.py."""
