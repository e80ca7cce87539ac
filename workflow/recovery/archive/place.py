"""Where an alert can be read."""

from urllib.parse import quote


def place_of(case: str, version: int) -> str:
    """The path of one version of the alert of the case with this key."""
    return f"/v1/alerts/{quote(case, safe='/:')}/{version}"
