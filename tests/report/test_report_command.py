"""The command report: where it writes, and what it says when it cannot."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from own_processes import start
from warehouse import Finished, aomuse

from aomuse.errors import ConfigurationError
from aomuse.report import write_report, writing

pytestmark = pytest.mark.usefixtures("processes")

Run = Callable[..., Finished]


@pytest.fixture
def report(db_url):
    """Give a function that runs the command in a process of its own: V8 takes a lot of address
    space, of which the tests' own process may have little.
    """

    def run(name: str, folder: Path) -> Finished:
        process = start(db_url, "report", name, cwd=folder)
        out, err = process.communicate()
        return Finished(process.wait(), out, err)

    return run


def test_it_says_what_it_wrote(report, db_url, tmp_path):
    done = report("out.html", tmp_path)
    assert (done.code, done.err) == (0, "")
    assert done.out == "out.html: 0 exposures, 0.9 MB; open it in a browser\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out.html"]
    text = (tmp_path / "out.html").read_text()
    assert text.startswith("<!DOCTYPE html>")
    url = sa.make_url(db_url)
    assert f"<code>{url.drivername}://" in text
    assert f":{url.password}@" not in text


@pytest.mark.parametrize("module", ["altair", "vl_convert", "jinja2"])
def test_without_the_extra_one_line_says_what_to_install(db_url, tmp_path, module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    done = aomuse(db_url, "report", tmp_path / "out.html")
    assert (done.code, done.out) == (2, "")
    package = writing.PACKAGES[module]
    assert done.err == f"aomuse: {package} is not installed: pip install 'aomuse[report]'\n"
    assert list(tmp_path.iterdir()) == []


def test_where_no_file_can_be(db_url, tmp_path):
    (tmp_path / "file").write_text("kept")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    for name, why in {
        "": "is a folder: name a file in it, such as report.html",
        "link": "is a link: name the file that it points to",
        "dangling": "is a link: name the file that it points to",
        "pipe": "is not a file: name one, such as report.html",
        "absent/out.html": "cannot be written: No such file or directory",
        "file/out.html": "cannot be written: Not a directory",
        f"{'x' * 300}.html": "cannot be written: File name too long",
    }.items():
        place = tmp_path / name
        done = aomuse(db_url, "report", place)
        assert (done.code, done.out) == (2, ""), name
        assert done.err == f"aomuse: {place} {why}\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("dangling", "file", "link", "pipe")
    ]
    assert (tmp_path / "file").read_text() == "kept"


def test_the_file_is_replaced_as_a_whole(engine, tmp_path, monkeypatch):
    target = tmp_path / "shown" / "out.html"
    target.parent.mkdir()
    target.write_text("before")
    target.chmod(0o640)
    write_report(engine, target)
    assert target.read_text().endswith("</html>\n")
    assert target.stat().st_mode & 0o777 == 0o640

    target.write_text("before")
    monkeypatch.setattr(Path, "replace", no_space)
    with pytest.raises(ConfigurationError, match="cannot be written: No space left on device"):
        write_report(engine, target)
    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_report(engine, target)
    assert [path.name for path in target.parent.iterdir()] == ["out.html"]
    assert target.read_text() == "before"


def no_space(*_: object) -> None:
    raise OSError(28, "No space left on device")


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_database_without_a_schema_is_refused(empty_url, tmp_path):
    done = aomuse(empty_url, "report", tmp_path / "out.html")
    assert (done.code, done.out) == (2, "")
    assert done.err == "aomuse: the database has no aomuse schema yet: run aomuse migrate\n"
    assert list(tmp_path.glob("*.html")) == []
