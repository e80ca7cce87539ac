"""What a machine has written is recognised by what its sender says, by headers, by its title."""

from typing import Any

import pytest

from workflow.recovery.contact.machine_written import machine_written


@pytest.mark.parametrize(
    "message",
    [
        {"auto_submitted": True},
        {"auto_submitted": "auto-replied; owner-email=a@b.example"},
        {"headers": {"Auto-Submitted": "auto-generated"}},
        {"headers": {"PRECEDENCE": " Bulk "}},
        {"headers": {"X-Autoreply": "yes"}},
        {"headers": {"Return-Path": "<>"}},
        {"headers": {"content-type": "multipart/report; report-type=delivery-status"}},
        {"title": "Automatische Antwort: Ihr Fall"},
        {"title": "Out of Office"},
    ],
)
def test_a_machine_has_written_it(message: dict[str, Any]) -> None:
    assert machine_written(message)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"auto_submitted": False, "title": "Automatic reply: no"},
        {"auto_submitted": "no", "headers": {"Precedence": "bulk"}},
        {"headers": {"Auto-Submitted": "no", "Precedence": "first-class", "X-Autoreply": "no"}},
        {"headers": {"Precedence": 7, "Return-Path": "<ada@example.org>"}},
        {"title": "Re: Automatic reply"},
        {"headers": "Precedence: bulk", "title": 7},
    ],
)
def test_a_person_has_written_it(message: dict[str, Any]) -> None:
    assert not machine_written(message)
