"""Whoever is new: from the link that `makegood up` prints to a promise kept, and to a lifecycle of their own.

They know nothing but what pages say. A browser and a folder is all that is used; no line of code is written.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.conftest import NOON, open_house
from tests.api.signed_in import token_of
from tests.api.test_desk import working
from tests.browser.conftest import Desk, Screen
from workflow.access.first_link import first_link
from workflow.access.role import Role
from workflow.engine.definition_sources import file_sources, with_catalog
from workflow.settings import Settings

RETURNS = Path(__file__).parents[2] / "examples" / "returns"
PASSWORD = "correct horse battery staple"


@contextmanager
def begun(folder: Path, browser: Browser, **settings: Any) -> Iterator[Desk]:
    """An installation as `makegood up` begins it, with whatever lifecycles lie in its folder."""
    url = f"sqlite:///{folder / 'makegood.db'}"
    with open_house(url, data_dir=folder, database_url=url, **settings) as house, working(house):
        if "lifecycles" in settings:
            house.runtime.registry.register(with_catalog(file_sources(settings["lifecycles"])), NOON)
        yield Desk(house, browser, "")


def the_first(desk: Desk, folder: Path) -> Screen:
    """Whoever opens the link that is printed, and says who they are."""
    screen = desk.screen(None, locale="en-GB")
    url = f"sqlite:///{folder / 'makegood.db'}"
    link = first_link(Settings(database_url=url), screen.base.rstrip("/"))
    assert link is not None, "nobody is there yet"
    page = screen.page
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to makegood")
    page.get_by_label("Address").fill("fred@shop.example")
    page.get_by_label("Name").fill("Fred")
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Save and sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Fred's day")
    assert page.goto(link) is not None
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")
    page.get_by_role("link", name="To today's page").click()
    return screen


def does(page: Page, form: str, **said: str) -> None:
    """Open one of the forms of what can happen now, fill it in and send it."""
    panel = page.locator("details", has=page.locator(f'form[action$="/do/{form}"]'))
    panel.locator("summary").first.click()
    for name, text in said.items():
        field = panel.locator(f'[name="{name}"]')
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(text)
        else:
            field.fill(text)
    panel.get_by_role("button").click()
    expect(page.locator("p.done")).to_be_visible()


def test_from_the_link_to_a_promise_that_was_kept(chromium: Browser, tmp_path: Path) -> None:
    with begun(tmp_path, chromium) as desk:
        screen = the_first(desk, tmp_path)
        page = screen.page
        page.get_by_role("link", name="I gave my word").click()
        page.get_by_label("words").fill("Ada hears from us what her repair costs")
        page.get_by_label("within").fill("2 h")
        page.get_by_role("group", name="customer").get_by_label("name").fill("Ada")
        page.get_by_role("button", name="Write it down").click()
        expect(page.locator("#state")).to_have_text("made")
        page.get_by_role("link", name="Promises").click()
        row = page.locator("#promises li", has_text="Ada hears from us what her repair costs")
        expect(row).to_contain_text("fred@shop.example answers for it")
        expect(row).to_contain_text("in 2 hours")
        row.get_by_role("link").first.click()
        does(page, "keep", evidence="She has the price: 40, by mail")
        expect(page.locator("#state")).to_have_text("kept")
        expect(page.locator("#story")).to_contain_text("She has the price: 40, by mail")
        page.get_by_role("link", name="Promises").click()
        expect(page.locator("#promises")).to_have_text("No promise is open.")
        screen.complaints = [one for one in screen.complaints if "404" not in one]
        screen.is_clean()
        page.context.close()


def test_a_lifecycle_of_ones_own_from_the_page_that_checks_it_to_its_buttons(
    chromium: Browser, tmp_path: Path
) -> None:
    with begun(tmp_path, chromium) as desk:
        screen = the_first(desk, tmp_path)
        page = screen.page
        page.get_by_role("link", name="Integration").click()
        page.get_by_role("link", name="Try a lifecycle").click()
        page.get_by_label("Lifecycle, as YAML").fill((RETURNS / "returns.yaml").read_text(encoding="utf-8"))
        page.get_by_text("Words in several languages").click()
        words = "".join((RETURNS / f"returns.{one}.yaml").read_text(encoding="utf-8") for one in ("en", "de"))
        page.get_by_label("Words, as YAML").fill(words)
        page.get_by_role("button", name="Check").click(timeout=90_000)
        expect(page.get_by_role("status").filter(has_text="All is well.")).to_be_visible(timeout=90_000)
        expect(page.locator("main")).to_contain_text("MAKEGOOD_LIFECYCLES")
        page.context.close()
    folder = tmp_path / "lifecycles"
    shutil.copytree(RETURNS, folder, ignore=shutil.ignore_patterns("scenarios", "*.md"))
    with begun(tmp_path, chromium, lifecycles=folder) as desk:
        token = token_of(desk.house, "olga", Role.AGENT)
        screen = desk.screen(token, locale="en-GB")
        page = screen.page
        screen.open("/new")
        page.locator('a[href="/new/returns/announce"]').click()
        for name, text in (
            ("customer.name", "Ada"), ("order", "4711"), ("amount", "19.90"),
            ("owner", "olga@desk.example"), ("lead", "lee@desk.example"), ("name_of_it", "4711"),
        ):  # fmt: skip
            page.locator(f'#begin [name="{name}"]').fill(text)
        page.get_by_role("button", name="Write it down").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("return 4711")
        state = page.locator("#state")
        before = state.inner_text()
        does(page, "arrive")
        expect(state).not_to_have_text(before)
        expect(page.locator("#around")).to_contain_text("4711-money")
        does(page, "inspect", whole="yes")
        expect(state).to_have_text("refunding")
        expect(page.locator("#story")).to_contain_text("it was looked at")
        screen.is_clean()
        page.context.close()


@pytest.fixture(autouse=True)
def _unhurried() -> Iterator[None]:
    """Others may work on the machine."""
    expect.set_options(timeout=60_000)
    yield
    expect.set_options(timeout=30_000)
