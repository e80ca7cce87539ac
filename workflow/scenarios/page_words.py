"""What a page of ours says, without its markup: for whoever reads a report."""

from __future__ import annotations

from html.parser import HTMLParser

_UNSEEN = ("style", "script", "title")
_LINES = ("h1", "h2", "p", "legend", "label", "dt", "button", "tr", "blockquote")
_BEGINNING = "<!doctype html>"


def page_words(body: str) -> str:
    """The words of an HTML page, a line for each heading, paragraph or question; any other text as it is."""
    if not body.lower().startswith(_BEGINNING):
        return body
    page = _Words()
    page.feed(body)
    page.close()
    lines = (" ".join(line.split()) for line in "".join(page.said).split("\n"))
    return "\n".join(line for line in lines if line)


class _Words(HTMLParser):
    """Gathers what a browser would show."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A new line where one begins; nothing of what nobody sees."""
        self._unseen += tag in _UNSEEN
        if tag in _LINES:
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """What nobody sees has ended."""
        self._unseen -= tag in _UNSEEN
        if tag in _LINES:
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        """Words."""
        if not self._unseen:
            self.said.append(data.replace("\n", " "))
