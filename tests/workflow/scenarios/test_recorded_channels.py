"""Notices that were lost are lost again: by the channel, and not by whoever reads the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.channels.port import Notice, OutcomeUnknown, Receipt, Rejected
from tests.stories.conftest import MONDAY
from tests.stories.front_door import Story
from tests.workflow.scenarios.recordings import lines_of, played, recorded
from workflow.scenarios.recorded.keeping import keep_ledger

PROMISE = {
    "words": "We call you back", "owner": "olga@shop.example", "within": "PT4H",
    "customer": {"name": "Tom", "email": "tom@mail.example", "zone": "Europe/Berlin"}, "channel": "email",
}  # fmt: skip


def spoilt(
    send: Callable[[Notice, str], Receipt], to: str, error: Exception
) -> Callable[[Notice, str], Receipt]:
    """A channel that has the notices to one address end so."""

    def sent(notice: Notice, key: str) -> Receipt:
        if (notice.to["email"] if isinstance(notice.to, dict) else notice.to) == to:
            raise error
        return send(notice, key)

    return sent


def promised(database_url: str, directory: Path, monkeypatch: pytest.MonkeyPatch, **spoils: Any) -> Story:
    """A promise that lapses, of which not everybody hears."""
    story = Story(database_url, directory, MONDAY)
    monkeypatch.setattr(story.mailbox, "send", spoilt(story.mailbox.send, **spoils))
    story.post("promise.make", "promise:P-1", PROMISE)
    story.after(hours=4)
    story.settle()  # what a sweep has opened is decided
    return story


@pytest.mark.parametrize(
    ("error", "behaviour", "state"),
    [
        (Rejected("mailbox unavailable [smtp-550]"), "refuses", "dead"),
        (OutcomeUnknown("no answer [smtp-lost]"), "unknown", "unknown"),
    ],
)
def test_a_channel_behaves_as_it_did(
    error: Exception,
    behaviour: str,
    state: str,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story = promised(database_url, tmp_path, monkeypatch, to="tom@mail.example", error=error)
    # Somebody finds out what became of it: the escalation about it has another number every time.
    (about,) = [key for key in story.all("escalation") if key.startswith("escalation:effect-")]
    story.after(minutes=1)
    story.post("escalation.resolve", about, {"by": "lead@shop.example"})
    kept = recorded(story.runtime.store, tmp_path / "recorded.yaml", "promise:P-1")
    lines = lines_of(kept.file)
    began = lines.index(f"channel: {{email: {behaviour}}}")
    assert lines[began - 1] == "- at: 2026-03-02 13:59"
    assert "- channel: {email: works}" in lines or "channel: {email: works}" in lines
    assert f"reason: '{state}: " in kept.file.read_text()
    assert "to: escalation:effect-*" in lines
    assert about not in kept.file.read_text()
    assert played(kept.file).well
    story.close()


def test_what_is_lost_of_several_over_one_channel_is_only_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A channel of a scenario refuses all or none; there one of two people heard of it."""
    story = Story(f"sqlite:///{tmp_path / 'story.db'}", tmp_path, MONDAY)
    error = Rejected("mailbox unavailable [smtp-550]")
    monkeypatch.setattr(story.mailbox, "send", spoilt(story.mailbox.send, "two@shop.example", error))
    people = ["one@shop.example", "two@shop.example"]
    ladder = [{"people": people, "within": "PT1H"}]
    story.post("escalation.open", "escalation:E-1", {"about": "fire", "words": "It burns", "ladder": ladder})
    story.after(minutes=1)
    kept = keep_ledger(
        story.runtime.store, ["escalation:E-1"], tmp_path / "recorded.yaml", keep_personal=False
    )
    assert kept.notes == ["a notice about escalation over email was lost (dead); here it goes out"]
    assert kept.doubts == []
    assert "two@shop.example" not in kept.file.read_text()
    story.close()
