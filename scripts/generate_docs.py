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

DOCS = Path(__file__).resolve().parent.parent / "docs"

#: Name of each generated page, and what writes it.
PAGES: dict[str, Callable[[], str]] = {
    "commands.md": docs_commands.page,
    "data-dictionary.md": docs_dictionary.page,
    "diagram.md": docs_diagram.page,
}

_NOTICE = "<!-- Written by `make docs` from the code; changes made here are lost. -->\n\n"


def outdated(docs: Path = DOCS) -> list[Path]:
    """Find the pages that are not what the code says now.

    Parameters
    ----------
    docs : pathlib.Path, optional
        Folder of the pages.

    Returns
    -------
    list of pathlib.Path
        Pages that are missing or differ.
    """
    return [
        docs / name
        for name, page in PAGES.items()
        if not (docs / name).is_file()
        or (docs / name).read_text(encoding="utf-8") != _NOTICE + page()
    ]


def write(docs: Path = DOCS) -> list[Path]:
    """Write the pages that are not current.

    Parameters
    ----------
    docs : pathlib.Path, optional
        Folder of the pages; made if it does not exist.

    Returns
    -------
    list of pathlib.Path
        Pages that were written.
    """
    docs.mkdir(parents=True, exist_ok=True)
    written = outdated(docs)
    for path in written:
        path.write_text(_NOTICE + PAGES[path.name](), encoding="utf-8")
    return written


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
    if not asked.check:
        for path in write(asked.docs):
            print(f"wrote {path.name}")
        return 0
    stale = outdated(asked.docs)
    for path in stale:
        print(f"docs/{path.name} is out of date: run make docs", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
