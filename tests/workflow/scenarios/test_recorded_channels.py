"""Notices that were lost are lost again: by the channel, and not by whoever reads the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.channels.port import Notice, Receipt, Rejected
from tasks.in_process import KeptChannel
from tests.workflow.scenarios.recordings import lines_of, played, played_store, recorded
from workflow.scenarios.recorded.keeping import keep_ledger

LAPSED = """\
scenario: 1
title: The customer does not hear that we did not call
rest: any
given:
  begins: 2026-03-02 10:00
  zone: Europe/Berlin
  people:
    tom: {name: Tom, email: tom@mail.example, zone: Europe/Berlin}
steps:
  - send: promise.make
    to: promise:P-1
    data: {words: We call you back, owner: olga@shop.example, within: PT4H, customer: <tom>, channel: email}
    then: {promise:P-1: made}
  - {at: 2026-03-02 13:59, channel: {email: BEHAVIOUR}}
  - {at: 2026-03-02 14:00, channel: {email: works}}
  - at: +PT1M
    send: escalation.resolve
    to: escalation:effect-*
    data: {by: lead@shop.example}
    then: {escalation:effect-*: resolved}
"""
BURNS = """\
scenario: 1
title: It burns
rest: any
given: {begins: 2026-03-02 10:00}
steps:
  - send: escalation.open
    to: escalation:E-1
    data: {about: fire, words: It burns, ladder: [{people: [one@shop.example, two@shop.example]}]}
    then: {escalation:E-1: notified}
"""


@pytest.mark.parametrize(("behaviour", "state"), [("refuses", "dead"), ("unknown", "unknown")])
def test_a_channel_behaves_as_it_did(behaviour: str, state: str, tmp_path: Path) -> None:
    """Somebody found out what became of it: the escalation about that has another number every time."""
    story = tmp_path / "story.yaml"
    story.write_text(LAPSED.replace("BEHAVIOUR", behaviour))
    with played_store(story, tmp_path) as installation:
        (about,) = [one.key for one in installation.subjects("escalation") if ":effect-" in one.key]
        kept = recorded(installation.store, tmp_path / "recorded.yaml", "promise:P-1")
    lines = lines_of(kept.file)
    began = lines.index(f"channel: {{email: {behaviour}}}")
    assert lines[began - 1] == "- at: 2026-03-02 13:59"
    assert {"- channel: {email: works}", "channel: {email: works}"} & set(lines)
    assert f"reason: '{state}: " in kept.file.read_text()
    assert "to: escalation:effect-*" in lines
    assert about not in kept.file.read_text()
    assert played(kept.file).well


def test_what_is_lost_of_several_over_one_channel_is_only_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A channel of a scenario refuses all or none; there one of two people heard of it."""
    send = KeptChannel.send

    def sent(channel: KeptChannel, notice: Notice, key: str) -> Receipt:
        if notice.to == "two@shop.example":
            raise Rejected("mailbox unavailable [smtp-550]")
        return send(channel, notice, key)

    monkeypatch.setattr(KeptChannel, "send", sent)
    story = tmp_path / "story.yaml"
    story.write_text(BURNS)
    with played_store(story, tmp_path) as installation:
        kept = keep_ledger(
            installation.store, ["escalation:E-1"], tmp_path / "recorded.yaml", keep_personal=False
        )
    assert kept.notes == ["a notice about escalation over email was lost (dead); here it goes out"]
    assert kept.doubts == []
    assert "two@shop.example" not in kept.file.read_text()
