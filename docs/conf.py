"""Sphinx: MyST pages, the API from its docstrings."""

from __future__ import annotations

import logging
from typing import Any

from docutils.nodes import Element, Text, document
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.logging import getLogger
from sphinx.util.nodes import make_refnode

import meltingspot_async

project = "meltingspot_async"
author = "the meltingspot_async authors"
project_copyright = "2026, the meltingspot_async authors"
release = meltingspot_async.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx_copybutton",
]
exclude_patterns = ["_build"]
myst_heading_anchors = 3  # links to a section of a page

html_theme = "furo"
html_title = "meltingspot_async"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["tables.js"]
html_favicon = "_static/favicon.svg"
html_copy_source = html_show_sourcelink = False

# What is printed is not for copying.
copybutton_selector = "div:not(.highlight-text) > div.highlight > pre"

intersphinx_mapping = {
    "python": ("https://docs.python.org/3", None),
    "aiohttp": ("https://docs.aiohttp.org/en/stable", None),
}
intersphinx_timeout = 5

add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
maximum_signature_line_length = 80
python_use_unqualified_type_names = True

# Names of other projects, and of our own that are types only.
nitpick_ignore_regex = [
    (
        "py:.*",
        r"(aiohttp|attrs?|cattrs|collections|contextlib|datetime|enum|asyncio|opentelemetry|os|types|typing)\..*",
    ),
    (
        "py:.*",
        r"ClientSession|Event|T|optional|Unpack.*|(meltingspot_async\._http\.options\.)?OptionChanges",
    ),
    (
        "py:class",
        r"meltingspot_async\.(\w+\.)+[MT]|meltingspot_async\.testing\.changes\.\w+",
    ),
    (
        "py:class",
        r"web\..*|WeakSet|deque|None|datetime|Mapping\[str|.*tuple\[str|Milliseconds|PropertyValue",
    ),
]

PACKAGE = "meltingspot_async"
ROOMS = ("client", "models", "errors", "events", "rate_limit")
"""Modules whose pages document names that the package exports."""

logger = getLogger(__name__)


class NetworkIsNotNeeded(logging.Filter):
    """Without a network, names of Python and aiohttp are no links, and that is fine."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is worth a warning."""
        return "failed to reach any of the inventories" not in str(record.msg)


logging.getLogger("sphinx.sphinx.ext.intersphinx").addFilter(NetworkIsNotNeeded())


def documented(env: BuildEnvironment, name: str) -> Any:
    """The entry of an exported name, on whichever page documents it, if one does."""
    objects: dict[str, Any] = env.domains["py"].objects  # type: ignore[attr-defined] # of PythonDomain
    paths = (f"{PACKAGE}.{name}", *(f"{PACKAGE}.{room}.{name}" for room in ROOMS))
    return next((objects[path] for path in paths if path in objects), None)


def resolve_public_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: Element
) -> Element | None:
    """Resolve ``meltingspot_async.Course``, as users import it."""
    package, _, name = str(node.get("reftarget")).partition(".")
    found = documented(env, name) if package == PACKAGE else None
    if found is None:
        return None
    return make_refnode(
        app.builder, str(node["refdoc"]), found.docname, found.node_id, content
    )


def leave_builtin_names(app: Sphinx, page: document) -> None:
    """Keep Python's ``type`` in a signature from being a link to a field."""
    for node in list(page.findall(pending_xref)):
        if node.get("reftarget") == "type" and node.get("reftype") == "class":
            node.replace_self(Text("type"))


def require_public_names(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of exported names that no page documents."""
    for name in sorted(set(meltingspot_async.__all__) - {"__version__"}):
        if documented(env, name) is None:
            logger.warning("%s is exported and on no page of the API", name)


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("doctree-read", leave_builtin_names)
    app.connect("missing-reference", resolve_public_name)
    app.connect("env-check-consistency", require_public_names)
