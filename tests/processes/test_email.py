"""Email from a real worker to a real SMTP server, one that dies after it has taken the message included."""

from __future__ import annotations

from tests.processes.installation import Installation
from tests.tasks.mail_server import Behaviour, MailServer


def test_a_mail_server_that_dies_after_the_message_leaves_it_to_a_person(
    sqlite_installation: Installation,
) -> None:
    installation = sqlite_installation
    with MailServer(Behaviour(hangs_up="message")) as server:
        installation.configure(channel="smtp", smtp_port=server.port, smtp_from="care@shop.example")
        installation.workers.start("--concurrency", "1").wait_ready()
        installation.send(
            installation.promise("P-1", due_in=1.5, owner="", customer={"email": "ada@example.com"})
        )

        def escalations() -> list[str]:
            return [move.key for move in installation.moves("open")]

        installation.wait(lambda: len(escalations()) == 2, what="a person to be asked to find out")
        effect = next(one for one in installation.effects() if one.state == "unknown")
        assert "smtp-lost" in effect.error
        (asked,) = [key for key in escalations() if key.startswith("escalation:effect-")]
        said = installation.data(asked)
        assert (said["effect"], said["subject"]) == (effect.key, "promise:P-1")
        assert "Nobody knows whether this went out over email" in said["words"]
        (message,) = server.behaviour.messages()
        assert message["To"] == "ada@example.com"
