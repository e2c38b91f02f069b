"""The command line: help, status, dry run, exit codes, and no password anywhere."""

import json
import logging
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import fits_factory as factory
import pytest
import sqlalchemy as sa
from own_processes import start
from warehouse import aomuse, fail, succeed

from aomuse.cli import cli
from aomuse.cli.main import COMMANDS


def leaves(command: click.Command, path: str = "aomuse") -> Iterator[tuple[str, click.Command]]:
    """Give each command that does something, after what a user types for it."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        yield from leaves(command.get_command(context, name), f"{path} {name}")


@pytest.mark.parametrize(("path", "command"), list(leaves(cli)))
def test_help_has_an_example_and_says_what_each_option_does(path, command):
    done = succeed(None, *path.split()[1:], "--help")
    assert path in done.out.splitlines()[0]
    examples = done.out.partition("Example:\n")[2].split("\n")
    assert any(line.strip().startswith("aomuse") for line in examples)
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert parameter.help.endswith((".", "]")), parameter.name


def test_help_of_the_whole():
    done = succeed(None, "--help")
    assert "Exit codes: 0" in done.out
    assert "AOMUSE_DATABASE_URL" in done.out
    for name, (_, line) in COMMANDS.items():
        assert f"  {name}" in done.out
        assert cli.get_command(click.Context(cli), name).help.splitlines()[0] == line
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
_, folder, *extras = sys.argv
for name in extras:
    sys.modules[name] = None
from aomuse.cli import cli
from aomuse.cli.main import COMMANDS, main
for name in COMMANDS:
    cli.main([name, "--help"], standalone_mode=False)
sys.argv = ["aomuse", "--db", f"sqlite:///{folder}/new.db", "predict"]
main()
"""
    extras = (
        *("altair", "jinja2", "vl_convert", "duckdb", "duckdb_engine", "pyarrow", "sqlglot"),
        *("muse_psfr", "scipy", "mariadb", "pymysql"),
    )
    command = [sys.executable, "-c", script, tmp_path, *extras]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert done.stderr.startswith("aomuse: ")


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


def test_commands_import_only_what_they_need(db, backend, tree):
    tree.add(1)
    db.run("load", tree.root)
    heavy = {"astropy", "pandas", "numpy"}
    if backend == "mariadb":
        # connector 2 imports numpy by itself
        script = "import sys, mariadb; print(*{n.split('.')[0] for n in sys.modules})"
        heavy -= {*subprocess.check_output([sys.executable, "-c", script], text=True).split()}
    asked, loaded = ["--db", db.url, "status"], ["--db", db.url, "load", str(tree.root)]
    commands = json.dumps([["--version"], ["--help"], asked, loaded])
    out = subprocess.check_output([sys.executable, "-c", IMPORTED, commands], text=True)
    imported = [{*line.split()} for line in out.splitlines() if line.startswith("imported")]
    version, help_, status, load = imported
    assert not (version | help_) & (heavy | {"sqlalchemy", "alembic"})
    assert not status & heavy
    assert not load & (heavy - {"numpy"})
    assert "sqlalchemy" in status


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_useless_roots(dry, db, tmp_path, tree):
    tree.add(1)
    (tmp_path / "file.fits").write_text("")
    (tmp_path / "empty").mkdir()
    (tmp_path / "other" / "plots").mkdir(parents=True)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "raw").symlink_to("/nowhere")
    for root, said in {
        "nowhere": "does not exist",
        "file.fits": "is not a folder",
        "empty": "no folder single/, raw/ or analysis/",
        "other": "no folder single/, raw/ or analysis/",
        "loop": "does not exist",
        "links": "links/raw: the link leads to no file or folder: repair",
    }.items():
        line = db.fail("load", *dry, tmp_path / root, code=2)
        assert said in line
        assert str(tmp_path / root) in line
    assert db.run("load", *dry, tree.root, tmp_path / "nowhere").code == 2
    assert db.count("load_run") == db.count("exposure") == 0


def test_a_line_for_each_exposure(db, tree):
    first, second = tree.add(1), tree.add(2, without=["psf"])
    lines = db.run("load", "--no-progress", tree.root).out.splitlines()
    assert lines[0].startswith(f"loaded    {first.archive_id}  ")
    assert "(1 warning, 1 note)" in lines[0]
    assert lines[1].startswith(f"loaded    {second.archive_id}  ")
    assert "2 warnings" in lines[1]
    assert lines[-1] == "3 warnings, 2 notes: aomuse status --issues lists them"


def test_a_dry_run_writes_nothing(db, tree):
    files, changed, kept = tree.add(1), tree.add(2), tree.add(3)
    (tree.root / "single" / "bad.fits").write_text("no cube")
    files.prm.unlink()
    assert db.run("load", tree.root).code == 1
    tree.restore(files)
    factory.write(changed.prm, factory.prm(seed=9))
    new = tree.add(4)
    before = db.contents(but=())
    stamps = {path: path.stat().st_mtime_ns for path in tree.root.rglob("*")}

    done = db.run("load", "--dry-run", tree.root)

    assert db.contents(but=()) == before
    assert {path: path.stat().st_mtime_ns for path in tree.root.rglob("*")} == stamps
    lines = done.out.splitlines()
    fates = {files: "to be completed", changed: "to be replaced", kept: "unchanged", new: "new"}
    assert {f"{of.archive_id}: {fate}" for of, fate in fates.items()} <= set(lines)
    for path in (*files.all, *new.all):
        assert any(line.endswith(str(path)) for line in lines)
    assert lines[-1].startswith("dry run, nothing was written: ")
    assert done.code == 1
    assert "bad.fits" in done.err
    again = db.run("load", "--dry-run", "--reload", tree.root)
    assert f"{kept.archive_id}: to be replaced" in again.out


def test_without_a_schema_nothing_is_loaded(empty_url, backend, tmp_path, tree):
    """Nor does a question make a database."""
    tree.add(1)
    for arguments in (["status"], ["load", tree.root], ["load", "--dry-run", tree.root]):
        assert "aomuse migrate" in fail(empty_url, *arguments)
    if backend == "sqlite":
        assert not list(Path(sa.make_url(empty_url).database).parent.iterdir())
    succeed(empty_url, "migrate")
    succeed(empty_url, "load", tree.root)


def test_status(db, tree):
    assert "none: load a tree with aomuse load ROOT" in db.succeed("status").out
    assert "no open issues" in db.succeed("status", "--issues").out
    files = tree.add(1)
    files.psf.write_bytes(b"")
    db.run("load", tree.root)
    words = {tuple(line.split()) for line in db.succeed("status").out.splitlines()}
    assert words >= {("exposure", "1"), ("psf_parameter", "20"), ("error", "empty", "1")}
    assert any(line[3:] and line[4] == "issues" for line in words if len(line) > 5)
    listed = db.succeed("status", "--issues").out
    line = next(line for line in listed.splitlines() if line.startswith("error [empty]"))
    assert str(files.psf) in line
    assert "copy or download it again" in line
    tree.restore(files)
    db.run("load", tree.root)
    assert "error" not in db.succeed("status", "--issues").out


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
def test_urls_that_are_wrong(url, said, keeping):
    done = keeping("sesame-secret", url, "migrate")
    assert (done.code, len(done.errors)) == (2, 1), done.err
    assert said in done.err


SECRET = "sesame-0pen"


@pytest.fixture
def closed_port():
    with socket.socket() as opened:  # and does not listen
        opened.bind(("127.0.0.1", 0))
        yield opened.getsockname()[1]


@pytest.fixture
def keeping(caplog):
    """Give a function that runs a command, which neither prints nor logs a secret."""
    caplog.set_level(logging.DEBUG)

    def keeping(secret, url, *arguments):
        done = aomuse(url, *arguments)
        logged = [f"{record.getMessage()} {record.exc_text or ''}" for record in caplog.records]
        assert secret not in "".join([done.text, *logged])
        return done

    return keeping


def test_no_password_when_the_server_is_away(closed_port, tree, keeping):
    url = f"mariadb+mariadbconnector://u:{SECRET}@127.0.0.1:{closed_port}/db"
    loads = ["load", tree.root], ["load", "--dry-run", tree.root]
    for arguments in (["migrate"], ["status"], *loads):
        done = keeping(SECRET, url, *arguments)
        assert (done.code, len(done.errors)) == (2, 1), done.err


def test_no_password_when_it_is_wrong(mariadb_admin, keeping):
    url = sa.make_url(mariadb_admin()).set(password=SECRET)
    done = keeping(SECRET, url.render_as_string(hide_password=False), "status")
    assert (done.code, len(done.errors)) == (2, 1), done.err
    assert "Access denied" in done.err


def test_no_password_in_anything_that_works(db, tree, keeping):
    secret = sa.make_url(db.url).password or "a file has no password"
    files = tree.add(1)
    tree.add(2)
    files.prm.write_bytes(b"")
    loads = ["load", tree.root], ["load", "--dry-run", tree.root]
    for arguments in (["migrate"], *loads, ["status"], ["status", "--issues"]):
        assert keeping(secret, db.url, *arguments).code in (0, 1)
    assert secret not in repr(db.rows("load_run") + db.rows("load_issue"))


@pytest.mark.parametrize("name", ["password", "passwd"])
def test_no_password_from_the_query_of_a_url(name, closed_port, mariadb_admin, keeping):
    """Some write it there; the driver takes it."""
    right = sa.make_url(mariadb_admin())
    server = f"{right.username}@{right.host}:{right.port}/{right.database}"
    for place, secret in ((server, right.password), (f"u@127.0.0.1:{closed_port}/db", SECRET)):
        for command in ("migrate", "status"):
            keeping(secret, f"mariadb+mariadbconnector://{place}?{name}={secret}", command)


def test_a_failing_exposure_tells_no_password(db, tree, keeping):
    """Errors of the database repeat statements, parameters and sometimes addresses."""
    tree.add(1)
    db.execute("DROP VIEW v_source_sample", "DROP TABLE source_sample")
    password = sa.make_url(db.url).password or "no password"
    done = keeping(password, db.url, "load", "--workers", 1, tree.root)
    assert done.code == 1
    assert "source_sample" in done.err
    assert "INSERT INTO" not in done.err


@pytest.mark.usefixtures("processes")
def test_the_entry_point_itself(tree, at_head, tmp_path):
    """What the other tests call inside the process, as a process of its own."""
    tree.add(1)
    (tree.root / "single" / "odd\udce9.fits").write_bytes(b"rubbish")
    loader = start(at_head(f"sqlite:///{tmp_path}/x.db"), "load", tree.root)
    out, err = loader.communicate()
    assert (loader.returncode, err.count("\n")) == (1, 1), err
    assert "1 loaded" in out
    assert "odd\\xe9.fits" in err


def test_an_analysis_that_cannot_be_exported_does_not_stop_the_others(db, tree, tmp_path):
    bad, good = tree.add(1), tree.add(2)
    db.load(tree.root)
    number = db.exposure_id(bad.archive_id)
    headers = f"SELECT id FROM header WHERE exposure_id = {number}"
    db.execute(f"DELETE FROM table_value WHERE header_id IN ({headers})")
    line = db.fail("export", "seed-json", tmp_path / "out")
    assert line.startswith(f"error: {bad.archive_id}: ")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"{good.prm.name}.json"]
