"""Pages for people: Jinja templates with one layout, rendered on the server; they need no JavaScript."""

from workflow.pages.rendering import page, rendered

__all__ = ["page", "rendered"]
