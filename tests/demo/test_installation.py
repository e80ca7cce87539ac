"""The demonstration's installation: nothing is sent to anybody, whatever the settings say."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from tasks.channels.table import configured
from tests.workflow.world import new_world
from workflow.clock import SystemClock
from workflow.demo.installation import own_settings
from workflow.settings import Settings

BEGINS = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_nothing_leaves_although_every_channel_is_set_up(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path,
        channel="smtp",
        twilio_account_sid="AC1",
        twilio_auth_token=SecretStr("token"),
        twilio_from="+15005550006",
        apprise_chat=SecretStr("json://h/{to}"),
        webhook_secret=SecretStr("whsec_" + "c2VjcmV0" * 4),
        webhook_hosts="hooks.example",
        push_contact="mailto:ops@shop.example",
    )
    clock, store = SystemClock(), new_world(f"sqlite:///{tmp_path / 'other.db'}").store
    assert {"email", "sms", "chat", "webhook", "push"} <= configured(settings, clock, store).keys()
    assert configured(own_settings(settings, tmp_path, BEGINS), clock, store) == {}
    store.close()
