"""The pages, and their site: generated ones are current, links lead somewhere, all are there.

`make site` builds the site in CI.
"""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import click
import pytest
from pages import PAGES, REPOSITORY, WRITTEN, prose, unknown
from test_docs_docstrings import PUBLIC

import aomuse
from aomuse.cli import cli
from aomuse.models import Base
from aomuse.muse.keywords import PROMOTED
from scripts import generate_docs
from scripts.site.__main__ import stage
from scripts.tutorial import NOTEBOOK

DOCS = REPOSITORY / "docs"
_LINK = re.compile(r"\[[^\]]*\]\((?!https?://)([^)\s]+)\)")
_SITE_LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
LARGEST_PICTURE = 200_000
_INLINE = re.compile(r"`(aomuse [^`]+)`")


def commands(command: click.Command = cli, name: str = "aomuse") -> Iterator[tuple[str, Any]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in command.list_commands(context):
            yield from commands(command.get_command(context, below), f"{name} {below}")


def test_the_generated_pages_are_current(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")
    assert generate_docs.main(["--check"]) == 0, capsys.readouterr().err


def test_an_outdated_page_is_named_with_the_command_that_mends_it(tmp_path, capsys):
    at = ["--docs", str(tmp_path / "docs")]
    assert generate_docs.main(at) == 0
    assert generate_docs.main([*at, "--check"]) == 0
    page = tmp_path / "docs" / "commands.md"
    page.write_text(page.read_text() + "by hand\n")
    (tmp_path / "docs" / "diagram.md").unlink()
    capsys.readouterr()
    assert generate_docs.main([*at, "--check"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"docs/{name}.md is out of date: run make docs" for name in ("commands", "diagram")
    ]
    assert page.read_text().endswith("by hand\n")


@pytest.mark.usefixtures("processes")
def test_the_pages_do_not_depend_on_terminal_language_or_order(tmp_path):
    """The pages in docs/ are those of a wide terminal; here it is a narrow one of Germany."""
    environment = os.environ | {
        "COLUMNS": "40",
        "PYTHONHASHSEED": "1",
        "LC_ALL": "de_DE.UTF-8",
        "AOMUSE_DATABASE_URL": "mariadb+mariadbconnector://u:p@nowhere.invalid/aomuse",
    }
    command = [sys.executable, "-m", "scripts.generate_docs", "--docs", tmp_path]
    subprocess.run(command, cwd=REPOSITORY, env=environment, check=True, capture_output=True)
    for name in generate_docs.PAGES:
        assert (tmp_path / name).read_bytes() == (DOCS / name).read_bytes()


def test_every_command_and_option_is_documented_with_an_example():
    page = (DOCS / "commands.md").read_text()
    for name, command in commands():
        section = re.search(rf"^## {re.escape(name)}\n(.*?)(?=^## |\Z)", page, re.M | re.S)
        assert section, f"no section {name}"
        text = section[1]
        assert f"Usage: {name} " in text
        assert command.help, name
        assert " ".join(command.help.split())[:60] in " ".join(text.split()), name
        if not isinstance(command, click.Group):
            assert "\n  aomuse " in (command.epilog or ""), f"{name} has no example"
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.name} has no help"
                for option in parameter.opts:
                    line = rf"^\s+(-\w, )?{re.escape(option)}\b"
                    assert re.search(line, text, re.M), f"{name} {option}"


def test_every_table_is_in_the_dictionary_and_the_diagram():
    dictionary = (DOCS / "data-dictionary.md").read_text()
    whole, *topics = (DOCS / "diagram.md").read_text().split("\n## ")[1:]
    for table in Base.metadata.tables.values():
        match = re.search(rf"^### {table.name}\n(.*?)(?=^##|\Z)", dictionary, re.M | re.S)
        assert match, table.name
        for column in table.columns:
            assert f"| `{column.name}` | " in match[1], f"{table.name}.{column.name}"
        assert sum(f"\n    {table.name} {{\n" in topic for topic in topics) == 1, table.name
        for key in table.foreign_keys:
            line = rf"{key.column.table.name} \S+--o{{ {table.name} : .*{key.parent.name}"
            assert re.search(line, whole), key
    assert all(promoted.comment in dictionary for promoted in PROMOTED)


def test_relative_links_lead_somewhere():
    for page, link in ((p, link) for p in PAGES for link in _LINK.findall(prose(p))):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} links to {link}"
        assert target.is_relative_to(REPOSITORY), f"{page.name} links to {link}"
        if anchor:
            titles = re.findall(r"^#+ (.+)$", target.read_text(), re.M)
            anchors = {re.sub(r"[^\w\- ]", "", t.lower()).replace(" ", "-") for t in titles}
            assert anchor in anchors, f"{page.name} links to {link}"


def test_commands_in_the_text_exist():
    pages = [*WRITTEN, REPOSITORY / "CONTRIBUTING.md"]
    for page, text in ((p, text) for p in pages for text in _INLINE.findall(prose(p))):
        assert unknown(text.split()[1:]) == "", f"{page.name}: {text}"


def test_every_issue_is_explained():
    page = prose(DOCS / "issues.md")
    rows = re.findall(r"^\| (`.*?) \| (?:error|warning|note)", page, re.M)
    listed = {code for row in rows for code in re.findall(r"`(\w+)`", row)}
    found = {f"{role}_missing" for role in ("reduced", "raw", "prm", "psf")}
    trees = (ast.parse(path.read_text()) for path in (REPOSITORY / "aomuse").rglob("*.py"))
    for given in (code for tree in trees for node in ast.walk(tree) for code in given_codes(node)):
        if isinstance(given, ast.Constant) and isinstance(given.value, str):
            found.add(given.value)
    assert listed == found


def given_codes(node: ast.AST) -> Iterator[ast.expr]:
    """Give what is put in for `code` by a call, or by an assignment."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
        name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        place = {"Issue": 1, "issue": 1, "FileError": 0, "_refuse": 2}.get(name)
        if place is not None and len(node.args) > place:
            yield node.args[place]
    elif isinstance(node, ast.Assign):
        (target,), value = node.targets[:1], node.value
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            target, value = target.elts[0], value.elts[0]
        if isinstance(target, ast.Name) and target.id == "code":
            yield value


def test_no_page_names_the_machine_it_was_written_on():
    places = re.compile(r"/(home|root|tmp|work|shm)/")
    pages = [*PAGES, NOTEBOOK]
    assert [page.name for page in pages if places.search(page.read_text())] == []


@pytest.fixture(scope="module")
def staged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    stage(folder)
    return folder


def test_every_page_is_once_in_the_table_of_contents(staged):
    index = (staged / "index.md").read_text()
    part = re.compile(r"^```\{toctree\}\n:hidden:\n:caption: [^\n]+\n\n(.*?)```", re.M | re.S)
    entries = [line for lines in part.findall(index) for line in lines.splitlines() if line]
    names = [re.sub(r".*<(.*)>", r"\1", entry) for entry in entries]
    pages = {path.stem for path in staged.iterdir() if path.suffix in {".md", ".ipynb", ".rst"}}
    assert sorted(names) == sorted(pages - {"index"})


def test_links_lead_to_what_is_in_the_site(staged):
    links = {
        (page.name, link)
        for page in [*staged.glob("*.md"), *staged.glob("*.ipynb")]
        for link in _SITE_LINK.findall(
            re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)
        )
    }
    assert ("index.md", "tutorial.ipynb") in links
    assert ("readme.md", "science.md") in links
    assert [link for link in sorted(links) if not (staged / link[1]).exists()] == []


def test_the_first_screen_says_what_it_is_and_for_whom_with_a_picture():
    first = (DOCS / "index.md").read_text().partition("\n## ")[0]
    assert "For whom?" in first
    assert "![" in first
    assert len(first.split()) < 200
    picture = (DOCS / "report.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < LARGEST_PICTURE


def test_the_reference_has_all_that_users_call():
    text = (REPOSITORY / "scripts" / "site" / "reference.rst").read_text()
    entries = {name.rpartition(".")[2] for name in re.findall(r"^\.\. auto\w+:: (\S+)", text, re.M)}
    assert {name.rpartition(".")[2] for name in PUBLIC} | set(aomuse.__all__) <= entries
