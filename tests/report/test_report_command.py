"""The command report: where it writes, and what it says when it cannot."""

import os
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest
import sqlalchemy as sa
from backends import on_sqlite
from own_processes import start
from warehouse import aomuse

from aomuse.errors import ConfigurationError
from aomuse.report import write_report, writing

pytestmark = pytest.mark.usefixtures("processes")


def refused(url: str, place: Path) -> str:
    """Run the command where it must write nothing, and give what it says."""
    done = aomuse(url, "report", place)
    assert (done.code, done.out) == (2, ""), place
    return done.err


@pytest.mark.parametrize("backend", ["mariadb"])
def test_it_says_what_it_wrote(db_url, tmp_path):
    # In a process of its own: V8 takes a lot of address space, of which the tests' own process may
    # have little.
    process = start(db_url, "report", "out.html", cwd=tmp_path)
    out, err = process.communicate()
    assert (process.wait(), err) == (0, "")
    assert out == "out.html: 0 exposures, 0.9 MB; open it in a browser\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out.html"]
    text = (tmp_path / "out.html").read_text()
    assert text.startswith("<!DOCTYPE html>")
    url = sa.make_url(db_url)
    assert f"<code>{url.drivername}://" in text
    assert f":{url.password}@" not in text


@pytest.mark.parametrize("module", ["altair", "vl_convert", "jinja2"])
def test_without_the_extra_one_line_says_what_to_install(db_url, tmp_path, module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    said = refused(db_url, tmp_path / "out.html")
    package = writing.PACKAGES[module]
    assert said == f"aomuse: {package} is not installed: pip install 'aomuse[report]'\n"
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
        assert refused(db_url, tmp_path / name) == f"aomuse: {tmp_path / name} {why}\n"
    assert {path.name for path in tmp_path.iterdir()} == {"dangling", "file", "link", "pipe"}
    assert (tmp_path / "file").read_text() == "kept"


@on_sqlite
def test_the_file_is_replaced_as_a_whole(engine, tmp_path, monkeypatch):
    target = tmp_path / "shown" / "out.html"
    target.parent.mkdir()
    target.write_text("before")
    target.chmod(0o640)
    write_report(engine, target)
    assert target.read_text().endswith("</html>\n")
    assert target.stat().st_mode & 0o777 == 0o640

    target.write_text("before")
    for stopped, raised, said in (
        (OSError(28, "No space"), ConfigurationError, "cannot be written: No space$"),
        (KeyboardInterrupt, KeyboardInterrupt, "^$"),
    ):
        monkeypatch.setattr(Path, "replace", Mock(side_effect=stopped))
        with pytest.raises(raised, match=said):
            write_report(engine, target)
        assert [path.name for path in target.parent.iterdir()] == ["out.html"]
        assert target.read_text() == "before"


def test_a_database_without_a_schema_is_refused(empty_url, tmp_path):
    said = refused(empty_url, tmp_path / "out.html")
    assert said == "aomuse: the database has no aomuse schema yet: run aomuse migrate\n"
    assert list(tmp_path.glob("*.html")) == []
