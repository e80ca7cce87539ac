"""Links in notices that are about to be sent."""

from __future__ import annotations

from dataclasses import replace

from tasks.channels.port import Notice
from workflow.recovery.links import LinkWriter
from workflow.settings import Settings


class Links:
    """Writes the URLs of its links into a notice."""

    def __init__(self, settings: Settings) -> None:
        self._writer = LinkWriter(settings)

    def filled(self, notice: Notice) -> Notice:
        """The notice as people read it; the same one if it has no links."""
        if not notice.links:
            return notice
        title, words = (
            self._writer.filled(text, notice.key, notice.links) for text in (notice.title, notice.words)
        )
        return replace(notice, title=title, words=words)
