"""Background duties and the state of an installation, one duty a file."""
