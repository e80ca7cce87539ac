"""What a store is for: it has run in earnest, or it is a sandbox's, and never both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from pydantic import SecretStr
from sqlalchemy import insert, select

from tests.sandbox.conftest import MORNING, settings_of
from tests.servers.migrated_files import migrated
from workflow.clock import SandboxClock
from workflow.errors import SettingsError, StoreError
from workflow.maintenance.doctor import examine
from workflow.recovery.runtime import open_runtime
from workflow.sandbox.opening import refuse_another_purpose, sandbox_settings
from workflow.settings import Settings
from workflow.store import open_store
from workflow.store.migrating import _config
from workflow.store.purpose import Purpose, known_purpose
from workflow.store.schema import definitions, purpose


def purpose_of(url: str) -> Purpose | None:
    """What the store behind a URL is marked as."""
    store = open_store(url)
    try:
        return known_purpose(store)
    finally:
        store.close()


def test_a_fresh_store_is_what_it_is_first_opened_as(database_url: str, tmp_path: Path) -> None:
    assert purpose_of(database_url) is None
    open_runtime(settings_of(database_url, tmp_path)).close()
    assert purpose_of(database_url) is Purpose.SANDBOX


def test_a_store_that_ran_in_earnest_refuses_the_sandbox(database_url: str, tmp_path: Path) -> None:
    earnest = Settings(database_url=database_url, data_dir=tmp_path)
    open_runtime(earnest).close()
    for _ in range(2):
        with pytest.raises(StoreError, match=r"has run in earnest.*MAKEGOOD_DATABASE_URL.*\[earnest\]"):
            open_runtime(settings_of(database_url, tmp_path))
    with pytest.raises(StoreError, match="earnest"):
        sandbox_settings(earnest)
    assert not (tmp_path / "clock").exists(), "what is refused leaves nothing behind"
    open_runtime(earnest).close()
    refuse_another_purpose(earnest)


def test_a_sandboxs_store_refuses_to_run_in_earnest(database_url: str, tmp_path: Path) -> None:
    open_runtime(settings_of(database_url, tmp_path)).close()
    earnest = Settings(database_url=database_url, data_dir=tmp_path)
    with pytest.raises(StoreError, match=r"is a sandbox's.*--sandbox.*\[sandbox\]"):
        open_runtime(earnest)
    with pytest.raises(StoreError, match="is a sandbox's"):
        refuse_another_purpose(earnest)
    open_runtime(settings_of(database_url, tmp_path)).close()


def test_what_ran_before_there_were_sandboxes_ran_in_earnest(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'older.db'}"
    _upgrade(url, "0010")
    assert purpose_of(url) is None
    store = open_store(url)
    with store.begin() as transaction:
        row = {"lifecycle": "promise", "version": 1, "digest": "d", "source": "s", "registered_at": MORNING}
        transaction.connection.execute(insert(definitions).values(row))
    assert known_purpose(store) is Purpose.EARNEST
    migrated(url)
    with store.connect() as connection:
        assert connection.execute(select(purpose.c.kind, purpose.c.since)).one() == ("earnest", MORNING)
    store.close()


def _upgrade(url: str, revision: str) -> None:
    store = open_store(url)
    config = _config()
    with store.begin() as transaction:
        config.attributes["connection"] = transaction.connection
        command.upgrade(config, revision)
    store.close()


def test_the_clock_stands_where_the_store_says_although_its_file_is_lost(
    database_url: str, tmp_path: Path
) -> None:
    settings = settings_of(database_url, tmp_path)
    clock = SandboxClock(tmp_path / "clock")
    clock.begin(MORNING)
    open_runtime(settings).close()
    clock.path.unlink()
    open_runtime(settings).close()
    assert clock.now() == MORNING
    later = MORNING + timedelta(days=1)
    clock.move_to(later)  # as after a store was restored
    runtime = open_runtime(settings)
    with runtime.store.connect() as connection:
        assert connection.execute(select(purpose.c.stands_at)).scalar_one() == later
    runtime.close()


def test_a_new_sandbox_begins_now_or_where_it_is_told(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "told")
    told = sandbox_settings(settings, "2026-03-02T10:00:00+01:00")
    clock = SandboxClock(tmp_path / "told" / "clock")
    assert (told.clock, clock.now()) == (clock.spec(), MORNING)
    assert sandbox_settings(settings, "2026-03-02T09:00:00Z").clock == clock.spec()
    with pytest.raises(SettingsError, match=r"--at: .* stands at 2026-03-02T09:00:00Z already"):
        sandbox_settings(settings, "2026-03-02T09:00:01Z")
    with pytest.raises(SettingsError, match=r"--at: .*no-zone"):
        sandbox_settings(settings, "2026-03-02T09:00:00")

    fresh = sandbox_settings(Settings(data_dir=tmp_path / "fresh"))
    migrated(fresh.database)
    before = datetime.now(UTC).replace(microsecond=0)
    open_runtime(fresh).close()
    assert before <= SandboxClock(tmp_path / "fresh" / "clock").now() <= datetime.now(UTC)


def test_whatever_is_set_no_channel_of_a_sandbox_reaches_the_world(tmp_path: Path) -> None:
    outward = {
        "channel": "smtp",
        "twilio_account_sid": "AC1",
        "twilio_auth_token": SecretStr("token"),
        "twilio_from": "+15005550006",
        "apprise_chat": SecretStr("json://h/{to}"),
        "apprise_services": "slack",
        "webhook_secret": SecretStr("whsec_c2VjcmV0"),
        "channel_options": SecretStr('{"fax": {}}'),
    }
    said = Settings(data_dir=tmp_path, **outward)
    by_setting = Settings(data_dir=tmp_path, clock=f"sandbox:{tmp_path / 'clock'}", **outward)
    for one in (by_setting, sandbox_settings(said)):
        assert (one.channel, one.twilio_account_sid, one.apprise_chat) == ("recording", None, None)
        assert (one.apprise_services, one.webhook_secret, one.channels_with_options()) == ("", None, [])


def test_the_doctor_says_what_a_store_is_for(tmp_path: Path) -> None:
    earnest = Settings(data_dir=tmp_path)
    migrated(earnest.database)
    assert _examined(earnest) == (True, "nothing has run on this store yet")
    open_runtime(earnest).close()
    assert _examined(earnest) == (True, "it runs in earnest")
    sandbox = settings_of(earnest.database, tmp_path)
    well, words = _examined(sandbox)
    assert (well, words[-10:]) == (False, " [earnest]")
    clock = {one.name: one for one in examine(sandbox)}["clock"]
    assert (clock.well, "there is no such file" in clock.words) == (False, True)

    fresh = settings_of(f"sqlite:///{tmp_path / 'fresh.db'}", tmp_path)
    migrated(fresh.database)
    open_runtime(fresh).close()
    assert _examined(fresh) == (True, "it is a sandbox's")


def _examined(settings: Settings) -> tuple[bool, str]:
    (found,) = [one for one in examine(settings) if one.name == "purpose"]
    return found.well, found.words
