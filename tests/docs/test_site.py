"""The site is built of all pages, and a link that leads nowhere ends the build."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.commands import PAGES, ROOT


def build(source: Path, to: Path) -> subprocess.CompletedProcess[str]:
    """As `make docs` does."""
    argv = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-c", str(source / "docs")]
    return subprocess.run([*argv, str(source), str(to)], capture_output=True, text=True, timeout=280)


@pytest.mark.exhaustive
@pytest.mark.timeout(300)
def test_every_page_is_in_it_and_the_source_that_pages_point_to(tmp_path: Path) -> None:
    done = build(ROOT, tmp_path)
    assert done.returncode == 0, done.stderr
    pages = [tmp_path / page.relative_to(ROOT).with_suffix(".html") for page in PAGES]
    assert [page for page in pages if not page.is_file()] == []
    assert (tmp_path / "index.html").is_file()
    assert "adr/0001-sql-is-the-truth.html" in (tmp_path / "docs" / "index.html").read_text()
    assert list((tmp_path / "_downloads").rglob("acceptance.py")), "a link to code takes it along"


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("[x](nowhere.md)", "nowhere"),
        ("[x](../workflow/nothing.py)", "nothing.py"),
        ("[x](other.md#no-such-heading)", "no-such-heading"),
    ],
)
def test_a_link_that_leads_nowhere_ends_the_build(tmp_path: Path, link: str, said: str) -> None:
    source = tmp_path / "source"
    (source / "docs").mkdir(parents=True)
    shutil.copy(ROOT / "docs" / "conf.py", source / "docs")
    shutil.copytree(ROOT / "docs" / "site_root", source / "docs" / "site_root")
    (source / "docs" / "other.md").write_text("# Other\n\n## A heading\n")
    page = "# Page\n\n[other](other.md#a-heading)\n\n{}\n\n```{{toctree}}\nother\n```\n"
    (source / "docs" / "index.md").write_text(page.format(""))
    good = build(source, tmp_path / "good")
    assert good.returncode == 0, good.stderr
    (source / "docs" / "index.md").write_text(page.format(link))
    bad = build(source, tmp_path / "bad")
    assert bad.returncode != 0
    assert said in bad.stderr
