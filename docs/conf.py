"""How Sphinx builds the documentation."""

import sys
from importlib.metadata import version as installed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # for rulebook.py and settings_page.py

project = "gatewright"
author = "gatewright contributors"
copyright = f"2026, {author}"  # noqa: A001  # the name that Sphinx reads
release = version = installed("gatewright")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "rulebook", "settings_page"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"gatewright {release}"
html_static_path = ["_static"]
html_css_files = ["width.css"]

smartquotes_action = "D"  # dashes, and no curly quotes: rules and docstrings hold code

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
maximum_signature_line_length = 100
napoleon_use_ivar = True  # an attribute that is documented in the class's docstring is documented once
napoleon_use_rtype = False
