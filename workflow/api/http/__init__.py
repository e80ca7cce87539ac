"""HTTP for every route: problems, bodies, negotiation, authentication, metrics."""
