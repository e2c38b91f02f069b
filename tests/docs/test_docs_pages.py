"""The pages: generated ones are current, links lead somewhere, nothing is left out."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from pages import PAGES, REPOSITORY, WRITTEN, prose

from aomuse.cli import cli
from aomuse.models import Base
from aomuse.muse.keywords import PROMOTED
from scripts import generate_docs

DOCS = REPOSITORY / "docs"
_LINK = re.compile(r"\[[^\]]*\]\((?!https?://)([^)\s]+)\)")
_INLINE = re.compile(r"`(aomuse [^`]+)`")


def commands(
    command: click.Command = cli, path: tuple[str, ...] = ("aomuse",)
) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(path), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below
            yield from commands(below, (*path, name))


def section(page: str, title: str) -> str:
    """Give what stands below a heading, up to the next one of that level."""
    match = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", page, re.M | re.S)
    assert match, f"no section {title}"
    return match[1]


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
    error = capsys.readouterr().err
    assert error.splitlines() == [
        "docs/commands.md is out of date: run make docs",
        "docs/diagram.md is out of date: run make docs",
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
        text = section(page, name)
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


def test_every_table_and_column_is_in_the_dictionary():
    text = (DOCS / "data-dictionary.md").read_text()
    for table in Base.metadata.tables.values():
        match = re.search(rf"^### {table.name}\n(.*?)(?=^##|\Z)", text, re.M | re.S)
        assert match, table.name
        for column in table.columns:
            assert f"| `{column.name}` | " in match[1], f"{table.name}.{column.name}"
    for promoted in PROMOTED:
        assert promoted.comment in text


def test_every_table_and_reference_is_in_the_diagram():
    whole, *topics = (DOCS / "diagram.md").read_text().split("\n## ")[1:]
    for table in Base.metadata.tables.values():
        assert sum(f"\n    {table.name} {{\n" in topic for topic in topics) == 1, table.name
        for key in table.foreign_keys:
            line = rf"{key.column.table.name} \S+--o{{ {table.name} : .*{key.parent.name}"
            assert re.search(line, whole), key


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


def test_every_page_is_in_the_index():
    links = {link.partition("#")[0] for link in _LINK.findall((DOCS / "index.md").read_text())}
    assert {page.name for page in DOCS.glob("*.md")} - {"index.md"} <= links


def test_commands_in_the_text_exist():
    pages = [*WRITTEN, REPOSITORY / "CONTRIBUTING.md"]
    for page, text in ((p, text) for p in pages for text in _INLINE.findall(prose(p))):
        command: click.Command = cli
        for word in text.split()[1:]:
            if word.startswith("-"):
                known = {option for p in command.params for option in (*p.opts, "--help")}
                assert word.partition("=")[0] in known, f"{page.name}: {text}"
            elif isinstance(command, click.Group) and word.islower():
                below = command.get_command(click.Context(command), word)
                assert below, f"{page.name}: {text}"
                command = below


def test_every_issue_is_explained():
    page = prose(DOCS / "issues.md")
    rows = re.findall(r"^\| (`.*?) \| (?:error|warning|note)", page, re.M)
    listed = {code for row in rows for code in re.findall(r"`(\w+)`", row)}
    assert listed == codes()


def codes() -> set[str]:
    """Give the codes that the package's issues and errors have."""
    found = {f"{role}_missing" for role in ("reduced", "raw", "prm", "psf")}
    for path in (REPOSITORY / "aomuse").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            texts = (c.value for c in given_codes(node) if isinstance(c, ast.Constant))
            found |= {text for text in texts if isinstance(text, str)}
    return found


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
    places = re.compile(r"/(home|root|tmp|work)/")
    assert [page.name for page in PAGES if places.search(page.read_text())] == []
