"""`makegood route`, `makegood check` of routes, and `makegood mail` at the end of a mail server's pipe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from tests.api.conftest import NOON, House, open_house
from tests.hooks.shop import SECRET, SHOP, delivery, shop_settings
from tests.hooks.signing import SECRETS
from tests.hooks.stories import RECORDED, recorded_routes, story_of
from workflow.cli.commands import app
from workflow.hooks.open_routes import READY

runner = CliRunner()


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    for name in [name for name in os.environ if name.startswith("MAKEGOOD_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The shop's route."""
    file = tmp_path / "shop.yaml"
    file.write_text(SHOP, encoding="utf-8")
    return file


def payload(directory: Path, number: int, kind: str = "broken", **more: object) -> str:
    """A file with what the shop posts."""
    file = directory / f"{number}.json"
    file.write_bytes(orjson.dumps(delivery(number, kind, **more)))
    return str(file)


def test_what_would_come_of_a_message_is_said_in_words(shop: Path, tmp_path: Path) -> None:
    result = runner.invoke(app, ["route", "test", str(shop), payload(tmp_path, 7)])
    assert result.exit_code == 0, result.output
    assert "case       broken" in result.output
    rows = [line.split() for line in result.output.splitlines()]
    assert ["customer.known", "customer:shop-ines", "accepted", "moved", "known"] in rows
    assert ["case.open", "case:shop-7", "accepted", "moved", "listening"] in rows
    assert '"words":"The lid does not close."' in result.output


def test_and_as_json_with_the_field_and_the_rule_of_what_is_refused(shop: Path, tmp_path: Path) -> None:
    files = [
        payload(tmp_path, 1),
        payload(tmp_path, 2, "late"),
        payload(tmp_path, 3, words=5),
        payload(tmp_path, 4, "fine"),
    ]
    again = payload(tmp_path, 5, order=1)
    result = runner.invoke(app, ["route", "test", str(shop), *files, again, "--json"])
    assert result.exit_code == 1
    well, unmapped, refused, ignored, twice = json.loads(result.stdout)
    assert (well["status"], [one["state"] for one in well["events"]]) == ("accepted", ["known", "listening"])
    assert well["events"][1]["event"]["id"] == "d-1#2"
    assert (unmapped["status"], unmapped["problems"][0]["rule"]) == ("unmapped", "unmapped")
    assert (refused["status"], refused["events"][1]["verdict"]) == ("refused", "refused")
    assert refused["events"][1]["problems"][0]["field"] == "data.words"
    assert (ignored["status"], ignored["ignored"]) == ("ignored", "Nothing is to be done.")
    assert twice["events"][1]["outcome"] == "refused", "the case is open already, says the lifecycle"
    assert twice["events"][1]["problems"]


@pytest.mark.parametrize("route", recorded_routes())
def test_the_story_of_a_ready_route_is_well_on_the_command_line(
    route: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = []
    for number, one in enumerate(story_of(route)):
        if one.query:
            continue
        file = tmp_path / f"{number}{one.file.suffix}"
        file.write_bytes(one.body)
        file.with_name(f"{file.name}.headers").write_text(
            "".join(f"{name}: {text}\n" for name, text in one.headers.items()), encoding="utf-8"
        )
        files.append(str(file))
    monkeypatch.setenv("MAKEGOOD_ROUTE_SECRETS", json.dumps({route: SECRETS[route]}))
    at = NOON.isoformat().replace("+00:00", "Z")
    result = runner.invoke(app, ["route", "test", route, *files, "--at", at, "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert len(found) == len(files) and all(one["signature"].startswith("wrong") for one in found)


def test_header_fields_of_a_file_and_the_signature_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKEGOOD_ROUTE_SECRETS", json.dumps({"freshdesk": SECRETS["freshdesk"]}))
    fields = tmp_path / "fields.txt"
    fields.write_text(f"# of our instance\nX-Freshdesk-Token: {SECRETS['freshdesk']}\n", encoding="utf-8")
    recorded = str(RECORDED / "freshdesk" / "01-ticket-created.json")
    result = runner.invoke(app, ["route", "test", "freshdesk", recorded, "--headers", str(fields)])
    assert result.exit_code == 0 and "signature  right" in result.output, result.output


def test_routes_are_listed_and_shown(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = shop_settings(shop.parent)
    monkeypatch.setenv("MAKEGOOD_ROUTES", str(settings["routes"]))
    monkeypatch.setenv("MAKEGOOD_ROUTE_SECRETS", settings["route_secrets"].get_secret_value())
    listed = runner.invoke(app, ["route", "list"]).output.splitlines()
    assert [line.split()[0] for line in listed] == sorted([*recorded_routes(), "shop"])
    assert [line.split()[0] for line in listed if " open " in line] == ["shop"]
    shown = runner.invoke(app, ["route", "show", "zendesk"])
    assert shown.output == (READY / "zendesk.yaml").read_text(encoding="utf-8")
    assert runner.invoke(app, ["route", "show", "zendesc"]).exit_code == 2


def test_check_knows_routes_beside_definitions(shop: Path) -> None:
    well = runner.invoke(app, ["check", str(shop)])
    assert (well.exit_code, well.stderr) == (0, "1 route checked, no problems\n")
    shop.write_text(SHOP.replace("case.open", "loan.lend"), encoding="utf-8")
    wrong = runner.invoke(app, ["check", str(shop.parent)])
    assert wrong.exit_code == 1
    place = f"{shop}:16: cases[1].events[1].type"
    assert f"{place}: there is no lifecycle 'loan' [unknown-lifecycle]" in wrong.output
    (shop.parent / "loan.yaml").write_text(LOAN, encoding="utf-8")
    both = runner.invoke(app, ["check", str(shop.parent)])
    assert both.stderr == "1 definition and 1 route checked, no problems\n", both.output


LOAN = """
edition: 3
lifecycle: loan
version: 1
data: {customer: person, words: text, channel: text}
triggers: {lend: {data: {customer: required, words: required, channel: }}}
states: [{name: lent, final: true}]
transitions: [{trigger: lend, source: initial, dest: lent, change: {copy: [customer, words, channel]}}]
"""
MAIL = b"From: kim@mail.example\r\nMessage-ID: <p1@mail.example>\r\nSubject: Late\r\n\r\nIt is late.\r\n"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A door that takes mails."""
    url = f"sqlite:///{tmp_path_factory.mktemp('mail') / 'makegood.db'}"
    secrets = SecretStr(json.dumps({"mail": SECRETS["mail"]}))
    with open_house(url, route_secrets=secrets, mail_bytes=4096) as opened:
        yield opened


def piped(mail: bytes, url: str, secret: str | None) -> subprocess.CompletedProcess[bytes]:
    """What a mail server's pipe does."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("MAKEGOOD_")}
    if secret is not None:
        environment["MAKEGOOD_ROUTE_SECRETS"] = json.dumps({"mail": secret})
    command = [sys.executable, "-m", "workflow.cli", "mail", "--url", url]
    root = str(Path(__file__).parents[2])
    return subprocess.run(
        command,
        input=mail,
        env=environment | {"PYTHONPATH": root},
        capture_output=True,
        check=False,
        timeout=60,
    )


def test_a_mail_that_a_mail_server_hands_over_opens_a_case(house: House) -> None:
    url = str(house.http.base_url)
    done = piped(MAIL, url, SECRETS["mail"])
    assert done.returncode == 0, done.stderr
    (event,) = json.loads(done.stdout)["events"]
    house.apply()
    assert house.get(f"/v1/subjects/{event['subject']}").json()["data"]["case"]
    assert json.loads(piped(MAIL, url, SECRETS["mail"]).stdout)["status"] == "duplicate"


@pytest.mark.parametrize(
    ("mail", "there", "secret", "code"),
    [
        (MAIL, True, "another-secret", 78),
        (MAIL, True, None, 78),
        (MAIL, False, SECRETS["mail"], 75),
        (MAIL + b"x" * 5000, True, SECRETS["mail"], 65),
    ],
)
def test_the_exit_code_says_what_the_mail_server_must_do(
    house: House, mail: bytes, there: bool, secret: str | None, code: int
) -> None:
    url = str(house.http.base_url) if there else "http://127.0.0.1:9"
    done = piped(mail, url, secret)
    assert done.returncode == code, done.stderr
    assert secret is None or secret.encode() not in done.stderr
    assert SECRET.encode() not in done.stderr
