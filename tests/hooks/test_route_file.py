"""A route is read whole or refused with all that is wrong, by line, field and rule; nothing starts with a
faulty one."""

from __future__ import annotations

from pathlib import Path

import jsonschema_rs
import pytest
from pydantic import SecretStr

from state_machines.errors import DefinitionError
from state_machines.form.yaml_document import read_yaml
from tests.hooks.shop import SHOP, shop_settings
from workflow.cli.schema_page import ROUTE_PAGE
from workflow.errors import SettingsError
from workflow.hooks.json_schema import route_schema, route_schema_text
from workflow.hooks.open_routes import READY, open_routes, ready_names
from workflow.hooks.route_file import is_route, parse_route
from workflow.hooks.secrets import route_secrets
from workflow.replay.lifecycles import Lifecycles
from workflow.settings import Settings

KNOWN = Lifecycles()
LONG = " + ".join(["1"] * 120)


def problems(text: str) -> list[tuple[int | None, str, str]]:
    """(line, field, rule) of everything that is wrong with a text."""
    try:
        parse_route(text, "shop.yaml", KNOWN)
    except DefinitionError as error:
        assert all(one.file == "shop.yaml" for one in error.problems)
        return [(one.line, one.field, one.rule) for one in error.problems]
    return []


@pytest.mark.parametrize("name", ready_names())
def test_a_ready_route_has_no_problem_and_is_found_by_its_name(name: str) -> None:
    route = parse_route((READY / f"{name}.yaml").read_text(encoding="utf-8"), name, KNOWN)
    assert route.name == name
    assert route.form.source == f"/{name}"
    assert len(route.form.about) > 40, "whoever sets it up reads how"


def test_the_route_of_the_pages_has_none() -> None:
    assert problems(SHOP) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("route: shop", "route: Shop", (2, "route", "name-form")),
        ("route: shop", "route: unmapped", (2, "route", "reserved-name")),
        ("source: /shop", "source: /makegood/shop", (4, "source", "reserved-source")),
        ("signed: {by: bearer}", "signed: {by: nothing}", (5, "signed", "type")),
        ("signed: {by: bearer}", "signed: {by: bearer, secret: hush}", (5, "signed.secret", "unknown-field")),
        ("id: =body.delivery\n", "", (None, "id", "required")),
        ("id: =body.delivery", "id: {value: =body.a, by: content}", (6, "id", "one-of")),
        ("id: =body.delivery", "id: =bdy.delivery", (6, "id", "expression")),
        ("time: =body.at", "time: {value: =body.at, format: '%H'}", (7, "time.format", "time-format")),
        ("when: body.kind == 'fine'", "when: body.kind ==", (9, "cases[0].when", "expression")),
        ("when: body.kind == 'fine'", "when: size(body.kind)", (9, "cases[0].when", "not-boolean")),
        (", when: body.kind == 'fine'", "", (10, "cases[1]", "unreachable")),
        (", ignore: Nothing is to be done.", "", (9, "cases[0]", "one-of")),
        ("case: broken", "case: nothing wrong", (8, "cases", "doubled-name")),
        ("type: case.open", "type: kase.open", (16, "cases[1].events[1].type", "unknown-lifecycle")),
        ("type: case.open", "type: case.opne", (16, "cases[1].events[1].type", "unknown-trigger")),
        ("type: case.open", "type: case", (16, "cases[1].events[1].type", "type-form")),
        ("type: case.open", "type: case.promise_news", (16, "cases[1].events[1].type", "from")),
        (", words: =body.words", "", (19, "cases[1].events[1].data", "missing-field")),
        ("channel: web", "chanel: web", (19, "cases[1].events[1].data.chanel", "unknown-field")),
        ("words: =body.words", "words: =body.words +", (19, "cases[1].events[1].data.words", "expression")),
        ("cases:", "let: {a: b + 1, b: a + 1}\ncases:", (8, "let.a", "named-by-itself")),
        ("cases:", "let: {body: 1 + 1}\ncases:", (8, "let.body", "reserved-name")),
        ("when: body.kind == 'fine'", f"when: {LONG} == 1", (9, "cases[0].when", "expression")),
        ("title: Orders that went wrong", "title: [a", (None, "document", "yaml")),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(old: str, new: str, expected: tuple[int | None, str, str]) -> None:
    assert old in SHOP
    found = problems(SHOP.replace(old, new, 1))
    line, field, rule = expected
    assert any(
        (one_field, one_rule) == (field, rule) and line in (None, one_line)
        for one_line, one_field, one_rule in found
    ), found


def test_all_mistakes_are_told_at_once() -> None:
    text = SHOP.replace("=body.delivery", "=bdy.id").replace("chanel", "").replace("case.open", "case.opne")
    assert len(problems(text)) == 2


def test_what_is_a_route_is_known_by_its_first_field() -> None:
    assert is_route("# a word\n---\nroute: shop\n")
    assert not is_route("edition: 3\nlifecycle: loan\n# route: no\n")


def test_a_door_does_not_open_on_a_faulty_route_or_a_secret_of_none(tmp_path: Path) -> None:
    faulty = shop_settings(tmp_path, SHOP.replace("case.open", "case.opne"))
    with pytest.raises(DefinitionError, match=r"shop\.yaml:16: .*unknown-trigger"):
        open_routes(Settings(**faulty), KNOWN)
    unknown = Settings(route_secrets=SecretStr('{"zendesc": "long enough"}'))
    with pytest.raises(SettingsError, match="there is no route 'zendesc'"):
        open_routes(unknown, KNOWN)
    with pytest.raises(SettingsError, match="is no directory"):
        open_routes(Settings(routes=tmp_path / "none"), KNOWN)


def test_an_own_route_takes_the_place_of_a_ready_one(tmp_path: Path) -> None:
    text = SHOP.replace("route: shop", "route: github").replace("source: /shop", "source: /ours")
    settings = Settings(
        **shop_settings(tmp_path, text) | {"route_secrets": SecretStr('{"github": "long enough"}')}
    )
    assert open_routes(settings, KNOWN)["github"].route.form.source == "/ours"


def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    settings = shop_settings(tmp_path)
    (tmp_path / "routes" / "other.yaml").write_text(SHOP, encoding="utf-8")
    with pytest.raises(DefinitionError, match="doubled-name"):
        open_routes(Settings(**settings), KNOWN)


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("hush-hush", "must be JSON"),
        ("[]", "must be an object"),
        ('{"shop": 5}', "must be a text"),
        ('{"shop": []}', "must be a text"),
        ('{"shop": "short"}', "8 characters"),
        ('{"shop": "file:/no/such/file"}', "cannot be read"),
    ],
)
def test_a_secret_that_cannot_be_used_is_named_and_not_shown(said: str, rule: str) -> None:
    with pytest.raises(SettingsError, match=rule) as refused:
        route_secrets(SecretStr(said))
    assert "hush" not in str(refused.value)


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "shop").write_text("from-a-file\n", encoding="utf-8")
    said = SecretStr(f'{{"shop": ["file:{tmp_path}/shop", "and-an-old-one"]}}')
    assert route_secrets(said) == {"shop": ["from-a-file", "and-an-old-one"]}


def test_the_page_of_the_schema_is_as_it_is() -> None:
    assert ROUTE_PAGE.read_text(encoding="utf-8") == route_schema_text(), "python -m workflow.cli.schema_page"


@pytest.mark.parametrize("name", ready_names())
def test_the_schema_takes_what_is_taken(name: str) -> None:
    value, _ = read_yaml((READY / f"{name}.yaml").read_text(encoding="utf-8"))
    jsonschema_rs.Draft202012Validator(route_schema()).validate(value)


@pytest.mark.parametrize(
    "change", [{"route": "Shop"}, {"signed": {}}, {"cases": []}, {"secret": "hush"}, {"id": 5}]
)
def test_the_schema_refuses_what_is_refused(change: dict[str, object]) -> None:
    value, _ = read_yaml(SHOP)
    assert not jsonschema_rs.Draft202012Validator(route_schema()).is_valid({**value, **change})
