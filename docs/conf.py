"""How the pages become a site: `make docs` (Sphinx reads this file). Code hosts show the same files.

A link to a file that is no page takes that file along; one to a folder leads to the page in it, if there is
one. A link that leads nowhere, or to a heading that is not there, ends the build.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any

from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

project = "makegood"
author = copyright = "the makegood authors"
extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = ["*.md", "docs/**.md", "examples/**.md", "benchmarks/**.md", "tests/**/README.md"]
exclude_patterns = [".venv", "build", "node_modules"]
html_theme = "alabaster"
html_theme_options = {"page_width": "80rem", "sidebar_width": "18rem"}
html_extra_path = ["site_root"]
html_show_sourcelink = False
html_copy_source = False
nitpicky = True
myst_heading_anchors = 6
suppress_warnings = [
    "myst.header",  # pages of figures leave out a level
    "misc.highlighting_failure",  # examples leave out parts: "..."
]


class FolderLinks(SphinxPostTransform):
    """What stands for links to folders: one to the page in it, or the words alone."""

    default_priority = 5
    """Before MyST, which looks for pages and files alone."""

    def run(self, **_: Any) -> None:
        """Called by Sphinx, once a page."""
        for node in list(self.document.findall(pending_xref)):
            if node.get("reftype") != "myst":
                continue
            folder = normpath(str(PurePosixPath(node["refdoc"]).parent / node["reftarget"]))
            if not (self.app.srcdir / folder).is_dir():
                continue
            page = f"{folder}/README"
            if page in self.env.found_docs:
                node.replace_self(make_refnode(self.app.builder, node["refdoc"], page, None, node.children))
            else:
                node.replace_self(node.children)


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_post_transform(FolderLinks)
    return {"parallel_read_safe": True}
