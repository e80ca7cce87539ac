"""Every page at three sizes, light and dark, in both languages: nothing overflows, or shuts anybody out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.signed_in import token_of
from tests.browser.conftest import PROMISE, Desk, Screen
from tests.browser.english import english_of_ours, is_english, stores_of
from workflow.access.role import Role

PAGES = (
    "/", "/new", "/new/case/open", "/new/promise/make",
    "/line", "/work/callback:billing-2", "/work/escalation:D-3", "/cases/D-1", f"/subjects/{PROMISE}",
    "/promises", "/promises?standing=lapsed", "/decisions", "/search", "/search?q=chris",
    "/search?lifecycle=promise&due_before=2026-07-02", "/operate", "/lifecycles", "/lifecycles/promise",
    "/lifecycles/promise/migrate",
    "/duty", "/duty/support", "/barometer", "/barometer?until=2026-08-01", "/alerts", "/docs", "/admin/me",
    "/admin/people",
    f"/explain/{PROMISE}", "/admin/integrate", "/admin/integrate/events", "/admin/integrate/rehearsal",
    "/admin/integrate/events/test?type=promise.make", "/admin/integrate/lifecycle",
    "/v1/cases/D-1/packet", "/nowhere",
)  # fmt: skip
SIGHTS: dict[str, dict[str, Any]] = {
    "desktop": {"width": 1280, "locale": "en-GB"},
    "phone": {"width": 390, "locale": "de-DE", "color_scheme": "dark", "has_touch": True},
    "small phone": {"width": 320, "locale": "de-DE", "reduced_motion": "reduce"},
}
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def found_by_axe(screen: Screen, axe: str) -> list[str]:
    """What the rules of WCAG 2.2 AA object to on a page; what only a person can judge is not among it."""
    look = (
        "const found = await axe.run({runOnly: rules, resultTypes: ['violations']});"  # the rest is counted
        "return [found.passes.length, found.violations]"
    )
    passed, violations = screen.page.evaluate(f"async (rules) => {{ {axe}; {look} }}", _RULES)
    assert passed > 5, "it has looked"
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for one in violations
        for node in one["nodes"]
    ]


def too_wide(screen: Screen) -> list[str]:
    """What stands out of the page to the right, where nothing scrolls by itself."""
    found: list[str] = screen.page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
        [...document.querySelectorAll("body *")]
          .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
          .slice(0, 5).map((one) => one.outerHTML.slice(0, 150))"""
    )
    return found


def pushed_aside(screen: Screen) -> list[str]:
    """What has to be pushed to the side to be seen; what one writes into may be as long as one likes."""
    found: list[str] = screen.page.evaluate(
        """() => [...document.querySelectorAll("main *")]
          .filter((one) => one.localName !== "textarea" && one.scrollWidth > one.clientWidth + 1)
          .filter((one) => ["auto", "scroll"].includes(getComputedStyle(one).overflowX))
          .map((one) => one.outerHTML.slice(0, 150))"""
    )
    return found


@pytest.mark.sampled
@pytest.mark.parametrize("sight", SIGHTS)
def test_every_page_is_for_everybody(desk: Desk, everybody: str, sight: str) -> None:
    screen = desk.screen(everybody, **SIGHTS[sight])
    for path in PAGES:
        screen.open(path)
        language = screen.page.locator("html").get_attribute("lang")
        assert language == SIGHTS[sight]["locale"][:2], path
        assert too_wide(screen) == [] == pushed_aside(screen), path
        assert found_by_axe(screen, desk.axe) == [], path
        if language == "de" and path != "/docs":  # the reference of the API is in English
            assert english_of_ours(screen, *stores_of(desk.house)) == [], path
        if path == "/nowhere":  # a browser says itself that there is no such page
            screen.complaints = [one for one in screen.complaints if "404" not in one]
        screen.is_clean()


def test_english_of_ours_would_be_seen_and_what_people_say_is_not(desk: Desk, everybody: str) -> None:
    screen = desk.screen(everybody, locale="de-DE")
    screen.open("/cases/D-1")
    screen.page.evaluate("document.querySelector('h1').title = 'Nobody has called them by now'")
    assert english_of_ours(screen, desk.house.runtime.store) == ["Nobody has called them by now"]
    assert "nobody came; I took a day off" in screen.page.content(), "a customer's words are there"
    assert is_english("A word to the customer, of whom nobody knows") and not is_english(
        "Was war es, so im Team?"
    )


def test_no_page_is_too_wide_for_the_smallest_telephone_in_english_either(desk: Desk, everybody: str) -> None:
    screen = desk.screen(everybody, width=320, locale="en-GB")
    for path in PAGES:
        screen.open(path)
        assert too_wide(screen) == [], path


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
@pytest.mark.parametrize("width", [320, 390])
def test_on_a_telephone_all_pages_stand_behind_one_line_that_a_key_opens(
    desk: Desk, everybody: str, width: int, locale: str, script: bool
) -> None:
    screen = desk.screen(everybody, width=width, locale=locale, java_script_enabled=script)
    screen.open("/promises")
    page = screen.page
    head, pages = page.locator("header.top"), page.get_by_role("navigation").first
    line = head.locator(".menu summary").bounding_box()
    assert line is not None and (head.bounding_box() or line)["height"] < 2 * line["height"], "one line"
    assert pages.get_by_role("link").count() == 2, "the line and search are there at once"
    head.locator(".menu summary").focus()
    page.keyboard.press("Enter")
    assert pages.get_by_role("link").count() > 10
    assert too_wide(screen) == []
    page.keyboard.press("Tab")
    assert page.locator("header.top a:focus").get_attribute("href") == "/", "and after it come the pages"
    pages.locator('a[href="/decisions"]').click()
    page.wait_for_url("**/decisions")
    assert pages.get_by_role("link").count() == 2, "on the next page it is closed"


def test_forms_that_are_open_or_wrong_are_for_everybody_too(desk: Desk, everybody: str) -> None:
    screen = desk.screen(everybody, width=320)
    screen.open("/cases/D-1")
    screen.page.eval_on_selector_all("details", "all => all.forEach((one) => { one.open = true })")
    assert too_wide(screen) == []
    assert found_by_axe(screen, desk.axe) == []
    screen.open("/admin/people")
    screen.page.get_by_label("Address").fill("no-address@x")
    screen.page.get_by_label("Name", exact=True).fill("  ")
    screen.page.get_by_role("button", name="Add, and make a link").click()
    summary = screen.page.locator(".errors")
    assert summary.evaluate("one => document.activeElement === one"), "the summary has the focus"
    assert found_by_axe(screen, desk.axe) == []
    screen.complaints = [one for one in screen.complaints if "422" not in one]
    screen.is_clean()


def test_what_is_printed_has_no_buttons_and_hides_nothing(desk: Desk, everybody: str) -> None:
    screen = desk.screen(everybody)
    screen.open("/v1/cases/D-1/packet")
    screen.page.emulate_media(media="print")
    assert not screen.page.locator("header.top").is_visible()
    assert screen.page.locator("button:visible").count() == 0
    assert screen.page.get_by_text("A-1-2-3").is_visible()
    screen.open(f"/subjects/{PROMISE}")
    assert screen.page.locator("[data-relative]").count() > 0
    assert screen.page.locator("[data-relative]:visible").count() == 0, "on paper an hour has no end"


def test_the_sign_in_page_is_for_everybody(desk: Desk) -> None:
    for options in SIGHTS.values():
        screen = desk.screen(None, **options)
        screen.open("/line")
        assert screen.page.url.endswith("/sign-in?next=/line")
        assert too_wide(screen) == []
        assert found_by_axe(screen, desk.axe) == []
        screen.is_clean()


def test_who_may_not_is_told_so_on_a_page(desk: Desk) -> None:
    screen = desk.screen(token_of(desk.house, "agent-only", Role.AGENT))
    screen.open("/admin/people")
    assert screen.page.get_by_role("heading", name="This is not for you").is_visible()
    screen.open("/")
    assert screen.page.get_by_role("link", name="People").count() == 0
