"""What a report says of a page: its words, a line each, and nothing of how it looks."""

from __future__ import annotations

from workflow.scenarios.page_words import page_words

PAGE = """<!doctype html>
<html lang="en">
<head><title>Your parcel</title><style>h1 { color: red }</style></head>
<body><main>
<h1>Your parcel</h1>
<p class="bad"><strong>Something is missing.</strong> Please
complete it &amp; send it.</p>
<label>Lost? <input name="lost"></label>
</main></body></html>
"""


def test_a_page_is_its_words() -> None:
    said = "Your parcel\nSomething is missing. Please complete it & send it.\nLost?"
    assert page_words(PAGE) == said


def test_any_other_text_is_itself() -> None:
    assert page_words("no <p>page</p>") == "no <p>page</p>"
