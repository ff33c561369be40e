"""How Sphinx builds the documentation."""

from importlib.metadata import version as installed

project = "gatewright"
author = "gatewright contributors"
copyright = f"2026, {author}"  # noqa: A001  # the name that Sphinx reads
release = version = installed("gatewright")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"gatewright {release}"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "description"
