"""Write the generated pages of docs/, or look whether they are current.

``python -m scripts.generate_docs [--check]``: the data dictionary and the diagram come from the
models and views, the command help from the commands. No database is needed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from scripts import docs_commands, docs_diagram, docs_dictionary
from scripts.written_files import settle

DOCS = Path(__file__).resolve().parent.parent / "docs"

#: Name of each generated page, and what writes it.
PAGES: dict[str, Callable[[], str]] = {
    "commands.md": docs_commands.page,
    "data-dictionary.md": docs_dictionary.page,
    "diagram.md": docs_diagram.page,
}

_NOTICE = "<!-- Written by `make docs` from the code; changes made here are lost. -->\n\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or check them.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program's name.

    Returns
    -------
    int
        Exit code: 1 where ``--check`` finds a page that is out of date.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, name what is outdated")
    parser.add_argument("--docs", type=Path, default=DOCS, help="folder of the pages")
    asked = parser.parse_args(arguments)
    pages = {name: _NOTICE + page() for name, page in PAGES.items()}
    return settle(asked.docs, pages, shown_as="docs", check=asked.check)


if __name__ == "__main__":
    sys.exit(main())
