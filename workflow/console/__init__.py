"""Pages for people: Jinja templates with one layout, rendered on the server; they need no JavaScript."""
