"""`python -m tests.browser.pictures FOLDER`: a picture of every page, in each size, scheme and language.

For people to look at: whether a page reads well no test can say. What stands on pages only now and then, and
what is printed, is among them.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.api.signed_in import token_of
from tests.api.test_desk import asked
from tests.browser.conftest import QUIET, Desk, Screen
from tests.browser.much_to_see import DOCUMENTED, much_to_see
from tests.browser.test_pages import PAGES
from tests.browser.test_sights import Walk, full_desk, through_everything, told_sandbox
from workflow.access.role import Role
from workflow.recovery import vocabulary

SIZES = {"desktop": 1280, "phone": 390}
SCHEMES = ("light", "dark")
LOCALES = {"en": "en-GB", "de": "de-DE"}
_LOADED = """async () => {
  for (const one of document.images) one.loading = "eager";
  await Promise.all([...document.images].map((one) => one.decode().catch(() => null)));
}"""
"""Drawings that are further down than a screen are there, too."""
PRINTED = ("/v1/cases/D-1/packet", "/cases/D-1", f"/v1/alerts/{DOCUMENTED}/1", "/barometer", "/duty/support")


@dataclass(frozen=True)
class Picturing(Walk):
    """A walk that takes pictures.

    Attributes:
        folder: where they go. given: the options of the browser.
    """

    folder: Path
    given: dict[str, Any]

    @property
    def options(self) -> dict[str, Any]:
        """Of the browser."""
        return self.given

    def looks(self, screen: Screen, sight: str, *, status: str = "") -> None:
        """Take one: ``phone-dark-de-cases-D-1.png``."""
        name = re.sub(r"[^\w.-]+", "-", sight).strip("-") or "today"
        screen.page.evaluate(_LOADED)
        screen.page.screenshot(
            path=self.folder / f"{self.way}-{name}.png", full_page=sight != "/docs", timeout=120_000
        )


def main(folder: Path) -> None:
    """Take all of them into a folder."""
    vocabulary.register()
    found = shutil.which("chromium")
    assert found is not None, "apt-get install chromium"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        with full_desk(Path(place), browser, "") as desk:
            of_a_call(folder / "console.png", desk)
            _of_one(folder, Path(place), browser, desk)


def of_a_call(file: Path, desk: Desk) -> None:
    """The picture with which README begins, ``docs/console.png``: a call at work beside its case."""
    chris = {
        "name": "Chris Miller", "phone": "+49 30 1234", "email": "chris@home.example",
        "zone": "Europe/Berlin", "language": "en",
    }  # fmt: skip
    words, olga = "You promised that a manager calls within 2 to 4 hours. Nobody did.", "olga@shop.example"
    asked(desk.house, "case.open", "case:4711", customer=chris, words=words, owner=olga)
    asked(desk.house, "case.acknowledge", "case:4711", by=olga, understood="The promised call never came")
    asked(desk.house, "case.step", "case:4711", step="reboot the modem", result="still dead", by=olga)
    asked(desk.house, "callback.request", "callback:4711", customer=chris, words=words,
          context={"case": "case:4711"}, desk="picture")  # fmt: skip
    ada = desk.screen(token_of(desk.house, "ada", Role.AGENT, teams=("picture",)), width=1180)
    ada.page.set_viewport_size({"width": 1180, "height": 860})
    ada.open("/line")
    ada.page.locator("#claim button").first.click()
    ada.page.wait_for_url("**/work/callback:4711")
    ada.page.reload()
    ada.page.locator("[name=outcome]").first.check()
    ada.page.locator("#field-note").fill("We said sorry. The new modem comes tomorrow before noon.")
    ada.page.screenshot(path=file)
    ada.page.context.close()


def _of_one(folder: Path, place: Path, browser: Browser, desk: Desk) -> None:
    seen = much_to_see(desk.house)
    for (size, width), scheme, (language, locale) in product(SIZES.items(), SCHEMES, LOCALES.items()):
        way = f"{size}-{scheme}-{language}"
        options = {"width": width, "locale": locale, "color_scheme": scheme}
        with tempfile.TemporaryDirectory(dir=place) as own, told_sandbox(Path(own), browser, "") as sandbox:
            walk, played = (Picturing(one, seen, way, set(), {}, folder, options) for one in (desk, sandbox))
            everybody = token_of(desk.house, way, Role.AGENT, Role.SUPERVISOR, Role.OPERATOR, Role.ADMIN)
            screen = walk.screen(everybody)
            for path in PAGES:
                screen.open(path)
                walk.looks(screen, path)
            for path in PRINTED if scheme == "light" else ():
                screen.open(path)
                screen.page.pdf(path=folder / f"print-{way}-{path.strip('/').replace('/', '-')}.pdf")
            through_everything(walk, played)
            for context in browser.contexts:
                context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
