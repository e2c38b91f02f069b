"""How Sphinx builds the site."""

project = "aomuse"
author = "The aomuse developers"
extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinxcontrib.mermaid",
]
root_doc = "index"
html_theme = "furo"
html_title = "aomuse"
html_show_sphinx = False
html_show_copyright = False

# The anchors of headings are those that the pages link to on a forge.
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]
# The tutorial shows what it showed when it was run (python -m scripts.tutorial).
nb_execution_mode = "off"

autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False

# Pygments does not know all words of MariaDB's SQL.
suppress_warnings = ["misc.highlighting_failure"]
