"""API keys and the roles they give."""
