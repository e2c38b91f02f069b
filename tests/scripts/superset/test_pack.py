"""The ZIP file for Superset: complete, with the URI as it was given, and silent on the password."""

import stat
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml

from scripts.superset import pack
from scripts.superset.generate import FOLDER

PASSWORD = "r0=15cm@500nm \\1\"'#"
SHOWN = "mysql+pymysql://muse_bi:***@db.example.org:3306/muse"
URI = sa.make_url(f"{SHOWN}?ssl_ca=/etc/ssl/certs/muse-ca.pem").set(password=PASSWORD)


@pytest.fixture(autouse=True)
def uri(monkeypatch):
    monkeypatch.setenv(pack.URI_VARIABLE, URI.render_as_string(hide_password=False))


def uri_in(path: Path) -> sa.URL:
    with zipfile.ZipFile(path) as bundle:
        assert bundle.testzip() is None
        content = yaml.safe_load(bundle.read("aomuse/databases/aomuse.yaml"))
        return sa.make_url(content["sqlalchemy_uri"])


def test_the_bundle_is_complete_and_private(tmp_path, capsys):
    target = tmp_path / "dashboard.zip"
    target.write_text("of yesterday, and readable by all")
    target.chmod(0o644)
    assert pack.main([str(target)]) == 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with zipfile.ZipFile(target) as bundle:
        packed = {name.removeprefix("aomuse/"): bundle.read(name) for name in bundle.namelist()}
    here = {str(p.relative_to(FOLDER)): p.read_bytes() for p in FOLDER.rglob("*.yaml")}
    assert packed.keys() == here.keys()
    assert {n for n in here if packed[n] != here[n]} == {"databases/aomuse.yaml"}
    assert uri_in(target) == URI
    printed = capsys.readouterr()
    page = (FOLDER.parent.parent / "docs" / "bi.md").read_text()
    assert f"dashboard.zip: {len(packed)} files, for" in page
    assert SHOWN in printed.out
    assert printed.err == ""
    assert "r0" not in printed.out
    assert [path.name for path in tmp_path.iterdir()] == ["dashboard.zip"]


def test_superset_can_be_made_to_ask_for_the_password(tmp_path):
    target = tmp_path / "dashboard.zip"
    assert pack.main([str(target), "--ask-password"]) == 0
    assert uri_in(target) == URI.set(password="X" * 10)
    assert b"15cm" not in target.read_bytes()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "no database: set AOMUSE_SUPERSET_URI"),
        ("mysql+pymysql//me:secret@host/muse", "cannot be parsed"),
        ("mysql://me:secret@host:port/muse", "cannot be parsed"),
        ("sqlite:///aomuse.db", "is for sqlite"),
        ("postgresql://me:secret@host/muse", "is for postgresql"),
        ("mysql+pymysql://me:secret@host", "lacks"),
        ("mysql+pymysql:///muse", "lacks"),
        (None, "No such file or directory"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(given, said, tmp_path, monkeypatch, capsys):
    if given is not None:
        monkeypatch.setenv(pack.URI_VARIABLE, given)
    folder = tmp_path / ("nowhere" if given is None else "")
    assert pack.main([str(folder / "dashboard.zip")]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert "secret" not in error
    assert not list(tmp_path.iterdir())
