"""The command line: help, status, dry run, exit codes, and no password anywhere."""

import json
import logging
import os
import socket
import subprocess
import sys

import click
import fits_factory as factory
import pytest
import sqlalchemy as sa
from fits_factory import Tree
from warehouse import aomuse, contents, execute, rows, succeed

from aomuse.cli import cli
from aomuse.cli.main import COMMANDS


def leaves(command: click.Command, *path: str) -> list[tuple[str, ...]]:
    """Give the words that lead to each command that does something."""
    if not isinstance(command, click.Group):
        return [path]
    names = sorted(command.list_commands(click.Context(command)))
    return [leaf for name in names for leaf in leaves(find(*path, name), *path, name)]


def find(*path: str) -> click.Command:
    command: click.Command = cli
    for word in path:
        assert isinstance(command, click.Group)
        below = command.get_command(click.Context(command), word)
        assert below
        command = below
    return command


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path / "night")


# Help


@pytest.mark.parametrize("path", leaves(cli), ids=" ".join)
def test_help_has_an_example_and_says_what_each_option_does(path):
    done = succeed(None, *path, "--help")
    assert f"aomuse {' '.join(path)}" in done.out.splitlines()[0]
    examples = done.out.partition("Example:\n")[2].split("\n")
    assert any(line.strip().startswith("aomuse") for line in examples)
    for parameter in find(*path).params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert parameter.help.endswith((".", "]")), parameter.name


def test_help_of_the_whole():
    done = succeed(None, "--help")
    assert "Exit codes: 0" in done.out
    assert "AOMUSE_DATABASE_URL" in done.out
    for command in COMMANDS:
        assert f"  {command}" in done.out
    assert "--help" not in aomuse(None, "--version").out


def test_usage_errors_are_exit_code_2(tree):
    for arguments in (["nonsense"], ["load"], ["load", "--nonsense", tree.root], ["--db"]):
        done = aomuse(None, *arguments)
        assert done.code == 2, arguments
        assert "Traceback" not in done.text


@pytest.mark.usefixtures("processes")
def test_help_and_messages_need_no_extra(tmp_path):
    """In a process in which no package of an extra can be imported."""
    script = """
import sys
for name in EXTRAS:
    sys.modules[name] = None
from aomuse.cli import cli
from aomuse.cli.main import COMMANDS, main
for name in COMMANDS:
    cli.main([name, "--help"], standalone_mode=False)
sys.argv = ["aomuse", "--db", f"sqlite:///{sys.argv[1]}/new.db", "predict"]
main()
"""
    extras = (
        *("altair", "jinja2", "vl_convert", "duckdb", "duckdb_engine", "pyarrow", "sqlglot"),
        *("muse_psfr", "scipy", "mariadb", "pymysql"),
    )
    command = [sys.executable, "-c", script.replace("EXTRAS", repr(extras)), tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("aomuse: ")
    assert done.stderr.count("\n") == 1


def test_the_list_of_commands_repeats_their_help():
    for name, (_, line) in COMMANDS.items():
        assert (find(name).help or "").splitlines()[0] == line


#: Runs commands in one process, and prints after each the libraries that were imported until then.
IMPORTED = """
import json, sys
from aomuse.cli import main
for command in json.loads(sys.argv[1]):
    sys.argv[1:] = command
    try:
        main()
    except SystemExit:
        print("imported", *{name.split(".")[0] for name in sys.modules})
"""


def imported_by(*commands: list[str]) -> list[set[str]]:
    command = [sys.executable, "-c", IMPORTED, json.dumps(commands)]
    out = subprocess.check_output(command, text=True)
    return [{*line.split()} for line in out.splitlines() if line.startswith("imported")]


def test_commands_import_only_what_they_need(db_url, tree):
    tree.add(1)
    aomuse(db_url, "load", tree.root)
    heavy = {"astropy", "pandas", "numpy"}
    if db_url.startswith("mariadb"):
        # connector 2 imports numpy by itself
        script = "import sys, mariadb; print(*{n.split('.')[0] for n in sys.modules})"
        heavy -= {*subprocess.check_output([sys.executable, "-c", script], text=True).split()}
    questions = [["--version"], ["--help"]]
    asked, loaded = ["--db", db_url, "status"], ["--db", db_url, "load", str(tree.root)]
    *plain, status, load = imported_by(*questions, asked, loaded)
    assert len(plain) == 2
    assert not set.union(*plain) & (heavy | {"sqlalchemy", "alembic"})
    assert not status & heavy
    assert not load & (heavy - {"numpy"})
    assert "sqlalchemy" in status


# Load


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_useless_roots(dry, engine, db_url, tmp_path, tree):
    tree.add(1)
    file = tmp_path / "file.fits"
    file.write_text("")
    (tmp_path / "empty").mkdir()
    (tmp_path / "other" / "plots").mkdir(parents=True)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "raw").symlink_to("/nowhere")
    for root, said in (
        ("nowhere", "does not exist"),
        ("file.fits", "is not a folder"),
        ("empty", "no folder single/, raw/ or analysis/"),
        ("other", "no folder single/, raw/ or analysis/"),
        ("loop", "does not exist"),
        ("links", "links/raw: the link leads to no file or folder: repair"),
    ):
        done = aomuse(db_url, "load", *dry, tmp_path / root)
        assert done.code == 2
        assert len(done.errors) == 1
        assert said in done.err
        assert str(tmp_path / root) in done.err
    mixed = aomuse(db_url, "load", *dry, tree.root, tmp_path / "nowhere")
    assert mixed.code == 2
    assert rows(engine, "load_run") == []
    assert rows(engine, "exposure") == []


def test_a_line_for_each_exposure(db_url, tree):
    first, second = tree.add(1), tree.add(2, without=["psf"])
    done = aomuse(db_url, "load", "--no-progress", tree.root)
    lines = done.out.splitlines()
    assert lines[0].startswith(f"loaded    {first.archive_id}  ")
    assert "(1 warning, 1 note)" in lines[0]
    assert lines[1].startswith(f"loaded    {second.archive_id}  ")
    assert "2 warnings" in lines[1]
    assert lines[-1] == "3 warnings, 2 notes: aomuse status --issues lists them"


def test_a_dry_run_writes_nothing(engine, db_url, tree):
    files, changed, kept = tree.add(1), tree.add(2), tree.add(3)
    (tree.root / "single" / "bad.fits").write_text("no cube")
    files.prm.unlink()
    assert aomuse(db_url, "load", tree.root).code == 1
    tree.restore(files)
    factory.write(changed.prm, factory.prm(seed=9))
    new = tree.add(4)
    before = contents(engine, but=())
    stamps = {path: path.stat().st_mtime_ns for path in tree.root.rglob("*")}

    done = aomuse(db_url, "load", "--dry-run", tree.root)

    assert contents(engine, but=()) == before
    assert {path: path.stat().st_mtime_ns for path in tree.root.rglob("*")} == stamps
    lines = done.out.splitlines()
    assert f"{files.archive_id}: to be completed" in lines
    assert f"{changed.archive_id}: to be replaced" in lines
    assert f"{kept.archive_id}: unchanged" in lines
    assert f"{new.archive_id}: new" in lines
    for path in (*files.all, *new.all):
        assert any(line.endswith(str(path)) for line in lines)
    assert lines[-1].startswith("dry run, nothing was written: ")
    assert done.code == 1
    assert "bad.fits" in done.err
    again = aomuse(db_url, "load", "--dry-run", "--reload", tree.root)
    assert f"{kept.archive_id}: to be replaced" in again.out


def test_a_question_does_not_make_a_database(tmp_path, tree):
    tree.add(1)
    for arguments in (["status"], ["load", tree.root], ["load", "--dry-run", tree.root]):
        done = aomuse(f"sqlite:///{tmp_path}/new.db", *arguments)
        assert done.code == 2
        assert "aomuse migrate" in done.err
        assert not list(tmp_path.glob("new.db*"))


# Status


def test_status_of_an_empty_warehouse(db_url):
    done = succeed(db_url, "status")
    assert "none: load a tree with aomuse load ROOT" in done.out
    assert "no open issues" in succeed(db_url, "status", "--issues").out


def test_status(engine, db_url, tree):
    files = tree.add(1)
    files.psf.write_bytes(b"")
    aomuse(db_url, "load", tree.root)
    done = aomuse(db_url, "status")
    assert done.code == 0
    words = {tuple(line.split()) for line in done.out.splitlines()}
    assert ("exposure", "1") in words
    assert ("psf_parameter", "20") in words
    assert ("error", "empty", "1") in words
    assert any(line[3:] and line[4] == "issues" for line in words if len(line) > 5)
    listed = aomuse(db_url, "status", "--issues").out
    line = next(line for line in listed.splitlines() if line.startswith("error [empty]"))
    assert str(files.psf) in line
    assert "copy or download it again" in line
    tree.restore(files)
    aomuse(db_url, "load", tree.root)
    assert "error" not in aomuse(db_url, "status", "--issues").out


# Configuration


def test_the_default_is_a_file_in_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert aomuse(None, "migrate").code == 0
    assert (tmp_path / "aomuse.db").is_file()
    assert aomuse(None, "status").code == 0


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://u:sesame-secret@h/db", "aomuse works with sqlite, mariadb+"),
        ("mysql://u:sesame-secret@h/", "names no database"),
        ("mariadb://u:sesame-secret@h:port/db", "cannot be parsed"),
        ("sesame-secret", "cannot be parsed"),
        ("://sesame-secret@", "cannot be parsed"),
        ("sqlite:////nowhere/at/all/x.db", "folder"),
    ],
)
def test_urls_that_are_wrong(url, said):
    done = aomuse(url, "migrate")
    assert done.code == 2
    assert len(done.errors) == 1, done.err
    assert said in done.err
    assert "sesame-secret" not in done.text


def test_a_database_that_is_none(tmp_path):
    path = tmp_path / "notes.db"
    path.write_text("not a database at all, but long enough to look at it " * 40)
    before = path.read_bytes()
    for command in ("status", "migrate"):
        done = aomuse(f"sqlite:///{path}", command)
        assert done.code == 2
        assert len(done.errors) == 1, done.text
        assert "not a database" in done.err
    assert path.read_bytes() == before


# Passwords


SECRET = "sesame-0pen"


@pytest.fixture
def closed_port():
    with socket.socket() as opened:  # and does not listen
        opened.bind(("127.0.0.1", 0))
        yield opened.getsockname()[1]


def everything_said(caplog: pytest.LogCaptureFixture, *texts: str) -> str:
    logged = "".join(f"{record.getMessage()} {record.exc_text or ''}" for record in caplog.records)
    return logged + "".join(texts)


def test_no_password_when_the_server_is_away(closed_port, tree, caplog):
    caplog.set_level(logging.DEBUG)
    url = f"mariadb+mariadbconnector://u:{SECRET}@127.0.0.1:{closed_port}/db"
    for arguments in (
        ["migrate"],
        ["status"],
        ["load", tree.root],
        ["load", "--dry-run", tree.root],
    ):
        done = aomuse(url, *arguments)
        assert done.code == 2
        assert len(done.errors) == 1, done.err
        assert SECRET not in everything_said(caplog, done.text)


def test_no_password_when_it_is_wrong(mariadb_admin, caplog):
    caplog.set_level(logging.DEBUG)
    url = sa.make_url(mariadb_admin()).set(password=SECRET)  # type: ignore[operator]
    done = aomuse(url.render_as_string(hide_password=False), "status")
    assert done.code == 2
    assert len(done.errors) == 1
    assert "Access denied" in done.err
    assert SECRET not in everything_said(caplog, done.text)


def test_no_password_in_anything_that_works(engine, db_url, tree, caplog):
    secret = sa.make_url(db_url).password or "a file has no password"
    caplog.set_level(logging.DEBUG)
    files = tree.add(1)
    tree.add(2)
    files.prm.write_bytes(b"")
    said = ""
    for arguments in (
        ["migrate"],
        ["load", tree.root],
        ["load", "--dry-run", tree.root],
        ["status"],
        ["status", "--issues"],
    ):
        done = aomuse(db_url, *arguments)
        assert done.code in (0, 1), done.text
        said += done.text
    assert secret not in everything_said(caplog, said)
    assert secret not in repr(rows(engine, "load_run"))
    assert secret not in repr(rows(engine, "load_issue"))


@pytest.mark.parametrize("name", ["password", "passwd"])
def test_no_password_from_the_query_of_a_url(name, closed_port, mariadb_admin, caplog):
    """Some write it there; the driver takes it."""
    caplog.set_level(logging.DEBUG)
    parsed = sa.make_url(mariadb_admin())  # type: ignore[operator]
    query = (
        f"{parsed.username}@{parsed.host}:{parsed.port}/{parsed.database}?{name}={parsed.password}"
    )
    away = f"u@127.0.0.1:{closed_port}/db?{name}={SECRET}"
    for rest, secret in ((query, str(parsed.password)), (away, SECRET)):
        for command in ("migrate", "status"):
            done = aomuse(f"mariadb+mariadbconnector://{rest}", command)
            assert secret not in everything_said(caplog, done.text)


def test_a_failing_exposure_tells_no_password(engine, db_url, tree, monkeypatch):
    """Errors of the database repeat statements, parameters and sometimes addresses."""
    password = sa.make_url(db_url).password or "no password"
    tree.add(1)
    execute(engine, "DROP VIEW v_source_sample", "DROP TABLE source_sample")
    done = aomuse(db_url, "load", "--workers", 1, tree.root)
    assert done.code == 1
    assert "source_sample" in done.err
    assert "INSERT INTO" not in done.err
    assert password not in done.text


@pytest.mark.usefixtures("processes")
def test_the_entry_point_itself(tree, at_head, tmp_path):
    """What the other tests call inside the process, as a process of its own."""
    tree.add(1)
    (tree.root / "single" / "odd\udce9.fits").write_bytes(b"rubbish")
    environment = os.environ | {"AOMUSE_DATABASE_URL": at_head(f"sqlite:///{tmp_path}/x.db")}
    script = [sys.executable, "-c", "from aomuse.cli import main; main()", "load", tree.root]
    done = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "1 loaded" in done.stdout
    assert done.stderr.count("\n") == 1
    assert "odd\\xe9.fits" in done.stderr


def test_an_analysis_that_cannot_be_exported_does_not_stop_the_others(
    engine, db_url, tree, tmp_path
):
    bad, good = tree.add(1), tree.add(2)
    aomuse(db_url, "load", tree.root)
    execute(
        engine,
        "DELETE FROM table_value WHERE header_id IN (SELECT h.id FROM header h"
        f" JOIN exposure e ON e.id = h.exposure_id WHERE e.archive_id = '{bad.archive_id}')",
    )
    done = aomuse(db_url, "export", "seed-json", tmp_path / "out")
    assert (done.code, len(done.errors)) == (1, 1)
    assert done.errors[0].startswith(f"error: {bad.archive_id}: ")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"{good.prm.name}.json"]
