"""How somebody works a page: with a mouse, with a thumb on a telephone, or by keyboard alone."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from playwright.sync_api import Locator, Page

_MOST_STEPS = 300
"""So often the Tab key is pressed at most to come to something: on no page is there as much."""
_WHERE = """one => {
  const at = document.activeElement;
  if (at === one) return "there";
  return at.type === "radio" && at.name === one.name && at.form === one.form ? "beside it" : "elsewhere";
}"""

_STEPS = """one => {
  const at = document.activeElement;
  const stops = "a[href], button, input, textarea, select, summary, [tabindex='0']";
  const isBehind = (each) => at === document.body || at.compareDocumentPosition(each) & 4;
  return Math.max(0, [...document.querySelectorAll(stops)]
    .filter((each) => each.tabIndex >= 0 && each.checkVisibility() && isBehind(each))
    .filter((each) => each.type !== "radio" || each === one)
    .indexOf(one) - 1);
}"""
"""About how far it is, so that not each step has to be looked at; a few too many lead once round the page."""


class Hands(Protocol):
    """What hands can do."""

    def press(self, one: Locator) -> None:
        """A button, a link, a radio button, or what opens a part of the page."""

    def write(self, one: Locator, text: str) -> None:
        """Text into an empty field."""

    def date(self, one: Locator, at: datetime) -> None:
        """A date with its time into an empty field."""


class Mouse:
    """By pointer; with `touch` by a finger."""

    def __init__(self, *, touch: bool = False) -> None:
        self._touch = touch

    def press(self, one: Locator) -> None:
        """Press it where it is."""
        if self._touch:
            one.tap()
        else:
            one.click()

    def write(self, one: Locator, text: str) -> None:
        """Into the field that is pressed."""
        self.press(one)
        one.fill(text)

    def date(self, one: Locator, at: datetime) -> None:
        """As the browser's own picker puts it in."""
        one.fill(at.strftime("%Y-%m-%dT%H:%M"))


class Keyboard:
    """Without a pointer: what cannot be come to by the Tab key cannot be worked."""

    def __init__(self, page: Page) -> None:
        self._keys = page.keyboard

    def press(self, one: Locator) -> None:
        """Come to it and press Enter, or Space for what is chosen."""
        self._come_to(one)
        chosen = one.get_attribute("type") in ("radio", "checkbox")
        self._keys.press("Space" if chosen else "Enter")

    def write(self, one: Locator, text: str) -> None:
        """Come to it and type."""
        self._come_to(one)
        self._keys.type(text)

    def date(self, one: Locator, at: datetime) -> None:
        """Come to it and type, part by part, as Chromium asks for them where no language is set for it."""
        self._come_to(one)
        for typed in (at.strftime("%m"), at.strftime("%d"), at.strftime("%Y")):
            self._keys.type(typed)
        self._keys.press("ArrowRight")  # a year may have more digits
        self._keys.type(at.strftime("%I%M%p"))
        found = one.input_value()
        assert found == at.strftime("%Y-%m-%dT%H:%M"), found

    def _come_to(self, one: Locator) -> None:
        one.wait_for()
        if one.evaluate("one => document.activeElement === document.body && !!one.closest('main')"):
            self._keys.press("Tab")  # the first on each page leads to its content
            self._keys.press("Enter")
        for _ in range(one.evaluate(_STEPS)):
            self._keys.press("Tab")
        for _ in range(_MOST_STEPS):
            match one.evaluate(_WHERE):
                case "there":
                    return
                case "beside it":  # of radio buttons one can be come to by Tab, the others from there
                    self._keys.press("ArrowDown")
                case _:
                    self._keys.press("Tab")
        raise AssertionError(f"no keyboard comes to {one}")
