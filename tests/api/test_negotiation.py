"""Which form of an answer somebody gets."""

import pytest

from workflow.api.http.negotiation import HTML, JSON, MARKDOWN, preferred

OFFERED = (JSON, HTML, MARKDOWN)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        ("text/*", HTML),
        ("text/markdown", MARKDOWN),
        ("text/html;q=0.5, text/markdown;q=0.7", MARKDOWN),
        ("application/json;q=0, text/html;q=0.1", HTML),
        ("*/*, application/json;q=0.1", HTML),
        ("TEXT/HTML; charset=utf-8", HTML),
        ("text/html;q=much", JSON),
        ("image/png", JSON),
    ],
)
def test_the_form_is_the_one_the_caller_likes_best(accept: str | None, form: str) -> None:
    assert preferred(accept, OFFERED) == form
