"""Sphinx: MyST pages, the API from its docstrings."""

from meltingspot_async import __version__

project = "meltingspot_async"
author = "the meltingspot_async authors"
project_copyright = "2026, the meltingspot_async authors"
release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
html_theme = "furo"
exclude_patterns = ["_build"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_use_unqualified_type_names = True

# Names of other projects, and of our own that are types only.
nitpick_ignore_regex = [
    ("py:.*", r"(aiohttp|attrs?|cattrs|collections|contextlib|datetime|enum|asyncio|types|typing)\..*"),
    (
        "py:.*",
        r"ClientSession|Event|T|optional|Unpack.*|OptionChanges|meltingspot_async\.options\.OptionChanges",
    ),
    ("py:class", r"meltingspot_async\.\w+\.[IT]"),
    ("py:class", r"web\..*|WeakSet|deque|None|.*tuple\[str"),
]
