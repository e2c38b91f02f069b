"""Build the site.

``python -m scripts.site [OUT]``: the pages of ``docs/``, README.md and a few others, as HTML in
OUT, else in ``build/site``. The pages are written for a forge, where README.md stands above
``docs/``; here all stand in one folder, and links between them are changed to that. Mermaid, which
draws the entity diagram, is fetched by the reader's browser.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

from sphinx.cmd.build import main as sphinx_build

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
#: Pages that do not stand in docs/, and their names in the site.
ABOVE = {
    "README.md": "readme.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "migrations/README.md": "migrations.md",
    "contrib/README.md": "contrib.md",
    "LICENSE": "licence.txt",
}
#: Parts of the site, by their first pages; the others follow as index.md lists them.
PARTS = {
    "readme": "Begin",
    "bi": "Use it",
    "data-dictionary": "Look up",
    "reliability": "Behind it",
}
#: Titles that say more in the table of contents than those of the pages.
TITLES = {"readme": "README", "tutorial": "Tutorial"}
_LINK = re.compile(r"(?<=\]\()(?!https?://|#)(?P<path>[^)#\s]+)(?P<anchor>#[^)\s]*)?(?=\))")


def page(path: Path) -> str:
    """Return a page with its links as the site has them.

    Parameters
    ----------
    path : pathlib.Path
        A page in Markdown, or the notebook.

    Returns
    -------
    str
        Its text.
    """

    def moved(match: re.Match[str]) -> str:
        target = (path.parent / match["path"]).resolve()
        name = ABOVE.get(target.relative_to(REPOSITORY).as_posix(), target.name)
        return name + (match["anchor"] or "")

    return _LINK.sub(moved, path.read_text(encoding="utf-8"))


def contents(index: str) -> str:
    """Return the table of contents: all pages, in the order in which the start page has them.

    Parameters
    ----------
    index : str
        The start page.

    Returns
    -------
    str
        It as directives.
    """
    table = index[index.index("| question |") :]
    names = dict.fromkeys(Path(match["path"]).stem for match in _LINK.finditer(table))
    parts: list[list[str]] = []
    for name in names:
        if name in PARTS:
            parts.append([f"```{{toctree}}\n:hidden:\n:caption: {PARTS[name]}\n"])
        parts[-1].append(f"{TITLES[name]} <{name}>" if name in TITLES else name)
        if name == "commands":
            parts[-1].append("reference")
    parts[-1] += ["changelog", "migrations", "contrib"]
    return "\n".join("\n".join([*part, "```\n"]) for part in parts)


def stage(folder: Path) -> None:
    """Put all pages into a folder, as Sphinx is to read them.

    Parameters
    ----------
    folder : pathlib.Path
        An empty folder.
    """
    for source in [*DOCS.glob("*.md"), *DOCS.glob("*.ipynb")]:
        (folder / source.name).write_text(page(source), encoding="utf-8")
    for name, here in ABOVE.items():
        (folder / here).write_text(page(REPOSITORY / name), encoding="utf-8")
    for picture in DOCS.glob("*.png"):
        shutil.copy(picture, folder)
    for own in ("conf.py", "reference.rst"):
        shutil.copy(Path(__file__).parent / own, folder)
    index = folder / "index.md"
    index.write_text(f"{index.read_text()}\n{contents(index.read_text())}", encoding="utf-8")


def build(out: Path) -> int:
    """Build the site; warnings are errors.

    Parameters
    ----------
    out : pathlib.Path
        Folder for the HTML.

    Returns
    -------
    int
        Exit code of Sphinx.
    """
    with tempfile.TemporaryDirectory() as staged:
        stage(Path(staged))
        doctrees = Path(staged, ".doctrees")
        options = ["--quiet", "--fail-on-warning", "--keep-going", "--jobs", "auto"]
        return sphinx_build([*options, "-b", "html", "-d", str(doctrees), staged, str(out)])


def main() -> int:
    """Build the site where the command line says.

    Returns
    -------
    int
        Exit code: 1 where Sphinx has a warning.
    """
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "build" / "site"
    code = build(out)
    if not code:
        print(f"wrote {out / 'index.html'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
