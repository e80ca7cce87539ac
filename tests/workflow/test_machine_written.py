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
        {"auto_submitted": "AUTO-GENERATED (vacation)"},
        {"headers": {"auto-submitted": ["Auto-Replied", "auto-replied"]}},
        {"headers": {"X-Failed-Recipients": "ada@home.example"}},
        {"email": "Mail Delivery System <MAILER-DAEMON@mx.example>"},
        {"title": "[Auto-Reply] Re: your case"},
        {"title": "Réponse automatique : votre dossier"},
        {"title": "Respuesta automática: caso"},
        {"title": "Odpowiedź automatyczna: sprawa"},
        {"title": "自動返信: Re"},
        {"title": "Returned mail: see transcript for details"},
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
        {"title": "Delivery has failed again"},
        {"title": "Auto: Motor kaputt"},
        {"title": "Returned mailbox and still no refund"},
        {
            "title": "I am out of office chairs",
            "words": "This is an automated message, you wrote. It is wrong.",
        },
        {"headers": {"auto-submitted": []}, "email": "ada@home.example"},
        {"headers": "Precedence: bulk", "title": 7},
    ],
)
def test_a_person_has_written_it(message: dict[str, Any]) -> None:
    assert not machine_written(message)
