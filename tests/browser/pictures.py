"""`python -m tests.browser.pictures FOLDER`: a picture of every page, in each size, scheme and language.

For people to look at: whether a page reads well no test can say.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from itertools import product
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.api.conftest import open_house
from tests.api.signed_in import token_of
from tests.api.test_desk import working
from tests.browser.conftest import QUIET, Desk, work_to_do
from tests.browser.test_pages import PAGES
from workflow.access.role import Role
from workflow.recovery import vocabulary

SIZES = {"desktop": (1280, 800), "phone": (390, 740)}
SCHEMES = ("light", "dark")
LOCALES = {"en": "en-GB", "de": "de-DE"}
PRINTED = ("/v1/cases/D-1/packet", "/cases/D-1")


def main(folder: Path) -> None:
    """Take all of them into a folder: ``phone-dark-de-cases-D-1.png``."""
    vocabulary.register()
    found = shutil.which("chromium")
    assert found is not None, "apt-get install chromium"
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as place,
        open_house(f"sqlite:///{place}/makegood.db", zone="Europe/Berlin", failed_keys_per_minute=0) as house,
        working(house),
        sync_playwright() as playwright,
    ):
        work_to_do(house)
        browser = playwright.chromium.launch(executable_path=found, args=list(QUIET))
        everybody = token_of(house, "ada", Role.AGENT, Role.SUPERVISOR, Role.OPERATOR, Role.ADMIN)
        desk = Desk(house, browser, "")
        for (size, (width, _)), scheme, (language, locale) in product(
            SIZES.items(), SCHEMES, LOCALES.items()
        ):
            screen = desk.screen(everybody, width=width, locale=locale, color_scheme=scheme)
            for path in PAGES:
                screen.open(path)
                name = path.strip("/").translate(str.maketrans("/?&=:", "-----")) or "today"
                screen.page.screenshot(
                    path=folder / f"{size}-{scheme}-{language}-{name}.png",
                    full_page=path != "/docs",
                    timeout=120_000,
                )
            if scheme == "light":
                for path in PRINTED:
                    screen.open(path)
                    screen.page.pdf(
                        path=folder / f"print-{size}-{language}-{path.strip('/').replace('/', '-')}.pdf"
                    )
            screen.page.context.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
