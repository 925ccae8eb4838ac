"""The documentation site: `make docs` builds it into build/docs, without a network.

The pages are also read where the code is hosted, so their links lead to files. Here links to files of the repository's root
lead to pages, and links to code become its path.
"""

import re
from pathlib import Path

from latam_corpus import __version__

project = "latam_corpus"
author = copyright = "The latam_corpus developers"
release = version = __version__
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_static", "pictures"]
myst_heading_anchors = 4
# Decisions and results are reached by links, so that the navigation stays short (tests/pages/test_site.py).
suppress_warnings = ["toc.not_included"]

# Docstrings are Google's, with code spans in single backticks. What may be absent isn't needed to describe it.
default_role = "code"
autoclass_content = "both"  # a class is described with its arguments
autodoc_member_order = "bysource"
autodoc_mock_imports = ["torch", "torchdata", "sentencepiece"]
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = "latam_corpus"
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["site.css"]

_ROOT = Path(__file__).resolve().parents[1]
_ROOT_PAGES = {
    "contributing": "CONTRIBUTING.md",
    "security": "SECURITY.md",
    "releases": "RELEASING.md",
    "changelog": "CHANGELOG.md",
}


def _read(app, docname, source):
    """Fill the pages of root files, and turn links that leave docs/."""
    up = "../" * docname.count("/")
    text = source[0]
    if docname in _ROOT_PAGES:
        app.env.note_dependency(str(_ROOT / _ROOT_PAGES[docname]))
        text = (_ROOT / _ROOT_PAGES[docname]).read_text(encoding="utf-8")
        text = re.sub(r"\]\((?!https?:|mailto:|#)", "](../", text).replace("](../docs/", "](")
    for page, file in (*_ROOT_PAGES.items(), ("index", "README.md")):
        text = re.sub(rf"\]\((?:\.\./)+{file}", f"]({up}{page}.md", text)
    source[0] = re.sub(r"\[([^\]]+)\]\((?:\.\./)+((?:filters|latam_corpus|pipelines|tests)[^)]*)\)", r"\1 (`\2`)", text)


def _name_language(app, pagename, templatename, context, doctree):
    """State a page's language for browsers and screen readers."""
    context["language"] = {"es": "es", "pt": "pt-BR"}.get(pagename.partition("/")[0], language)


def setup(app):
    """Connect what is special about these pages."""
    app.connect("source-read", _read)
    app.connect("html-page-context", _name_language)
    return {"parallel_read_safe": True}
