"""Settings come from the environment alone, and a wrong one is named without being shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from workflow.cli.settings_page import PAGE, settings_page
from workflow.errors import SettingsError
from workflow.settings import Settings, as_environment, ensure_data_dir, read_settings


def test_every_setting_has_a_meaning() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_page_lists_the_settings_as_they_are() -> None:
    assert PAGE.read_text(encoding="utf-8") == settings_page()


def test_every_default_is_one_that_can_be_read() -> None:
    defaults = [row.split(" | ")[1] for row in settings_page().splitlines() if row.startswith("| `")]
    assert len(defaults) == len(Settings.model_fields)
    assert [one for one in defaults if one in ("", "``") or "Undefined" in one] == []


def test_without_any_variable_the_store_is_a_file_in_the_data_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MAKEGOOD_DATA_DIR")
    monkeypatch.chdir(tmp_path)
    assert read_settings().database == f"sqlite:///{tmp_path}/.makegood/makegood.db"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_the_url_that_a_provider_shows_is_understood(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("MAKEGOOD_DATABASE_URL", f"{scheme}://u:p@h:5/d?sslmode=require")
    assert read_settings().database == "postgresql+psycopg://u:p@h:5/d?sslmode=require"


@pytest.mark.parametrize(
    ("variable", "value", "rule"),
    [
        ("MAKEGOOD_DATABASE_URL", "mysql://u:hush@h/d", "must begin with postgresql:// or sqlite:///"),
        ("MAKEGOOD_DATABASE_URL", "hush", "must begin with postgresql:// or sqlite:///"),
        ("MAKEGOOD_BROKER_URL", "http://:hush@h", "must begin with one of redis://"),
        ("MAKEGOOD_API_PORT", "70000", "less than or equal to 65535"),
        ("MAKEGOOD_LEASE_SECONDS", "0", "greater than 0"),
        ("MAKEGOOD_MAX_ATTEMPTS", "many", "valid integer"),
        ("MAKEGOOD_CHANNEL", "pigeon", "'recording' or 'smtp'"),
        ("MAKEGOOD_LOG_LEVEL", "loud", "'DEBUG', 'INFO'"),
        ("MAKEGOOD_CLOCK", "yesterday", "neither 'system' nor "),
        ("MAKEGOOD_FLOWER_USER", "a:b", "match pattern"),
        ("MAKEGOOD_FLOWER_PASSWORD", "hush,hush", "must not contain a comma"),
        ("MAKEGOOD_PUBLIC_URL", "care.hush.example", "match pattern"),
        ("MAKEGOOD_PUBLIC_URL", "https://hush.example/", "match pattern"),
        ("MAKEGOOD_TWILIO_FROM", "030 hush", "match pattern"),
        ("MAKEGOOD_CHANNEL_SECONDS", "0", "greater than 0"),
        ("MAKEGOOD_CHANNEL_OPTIONS", '{"fax": "hush"}', "must be an object of objects, by channel"),
        ("MAKEGOOD_CHANNEL_OPTIONS", '["hush"]', "must be an object of objects, by channel"),
        ("MAKEGOOD_CHANNEL_OPTIONS", '{"fax": {"password": "hush"', "must be JSON"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_rule(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, rule: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as refused:
        read_settings()
    assert variable in str(refused.value)
    assert rule in str(refused.value)
    assert "hush" not in str(refused.value)


def test_another_process_reads_the_same_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = Settings(
        data_dir=tmp_path, smtp_password=SecretStr("hush"), smtp_starttls=True, lease_seconds=1.5, api_port=0,
        channel_options=SecretStr('{"fax": {"password": "hush"}}'),
    )  # fmt: skip
    for name, value in as_environment(given).items():
        monkeypatch.setenv(name, value)
    assert read_settings() == given


def test_secrets_stay_out_of_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKEGOOD_DATABASE_URL", "postgresql://u:hush@h/d")
    monkeypatch.setenv("MAKEGOOD_BROKER_URL", "redis://:hush@h")
    monkeypatch.setenv("MAKEGOOD_SMTP_PASSWORD", "hush")
    monkeypatch.setenv("MAKEGOOD_CHANNEL_OPTIONS", '{"fax": {"password": "hush"}}')
    assert "hush" not in repr(read_settings())


def test_options_are_read_by_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (Settings().options_of("fax"), Settings().channels_with_options()) == (None, [])
    monkeypatch.setenv("MAKEGOOD_CHANNEL_OPTIONS", '{"fax": {"spool": "/f"}, "pager": {}}')
    settings = read_settings()
    assert [settings.options_of(name) for name in ("fax", "pager", "sms")] == [{"spool": "/f"}, {}, None]
    assert settings.channels_with_options() == ["fax", "pager"]


def test_the_data_directory_is_for_its_owner_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MAKEGOOD_DATA_DIR", str(tmp_path / "deep" / "data"))
    assert ensure_data_dir(read_settings()).stat().st_mode & 0o777 == 0o700


def test_a_prefix_that_would_do_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKEGOOD_BROKER_URL", "amqps://u:hush@h/shop")
    monkeypatch.setenv("MAKEGOOD_KEY_PREFIX", "mg:")
    with pytest.raises(SettingsError, match=r"MAKEGOOD_KEY_PREFIX: .*is alone") as caught:
        read_settings()
    assert "hush" not in str(caught.value)
