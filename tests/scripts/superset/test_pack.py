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
URI = sa.URL.create(
    "mysql+pymysql",
    "muse_bi",
    PASSWORD,
    "db.example.org",
    3306,
    "muse",
    {"ssl_ca": "/etc/ssl/certs/muse-ca.pem"},
)


@pytest.fixture(autouse=True)
def uri(monkeypatch):
    monkeypatch.setenv(pack.URI_VARIABLE, URI.render_as_string(hide_password=False))


def database(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as bundle:
        assert bundle.testzip() is None
        loaded: dict[str, str] = yaml.safe_load(bundle.read("aomuse/databases/aomuse.yaml"))
        return loaded


def test_the_bundle_is_complete_and_private(tmp_path, capsys):
    target = tmp_path / "dashboard.zip"
    target.write_text("of yesterday, and readable by all")
    target.chmod(0o644)
    assert pack.main([str(target)]) == 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with zipfile.ZipFile(target) as bundle:
        packed = {name.removeprefix("aomuse/"): bundle.read(name) for name in bundle.namelist()}
    here = {str(p.relative_to(FOLDER)): p.read_bytes() for p in FOLDER.rglob("*.yaml")}
    changed = {name for name in here if packed[name] != here[name]}
    assert set(packed) == set(here)
    assert changed == {"databases/aomuse.yaml"}
    assert sa.make_url(database(target)["sqlalchemy_uri"]) == URI
    printed = capsys.readouterr()
    page = (FOLDER.parent.parent / "docs" / "bi.md").read_text()
    assert f"dashboard.zip: {len(packed)} files, for" in page
    assert "mysql+pymysql://muse_bi:***@db.example.org:3306/muse" in printed.out
    assert printed.err == ""
    assert "r0" not in printed.out
    assert [path.name for path in tmp_path.iterdir()] == ["dashboard.zip"]


def test_superset_can_be_made_to_ask_for_the_password(tmp_path):
    target = tmp_path / "dashboard.zip"
    assert pack.main([str(target), "--ask-password"]) == 0
    assert sa.make_url(database(target)["sqlalchemy_uri"]) == URI.set(password="X" * 10)
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
    ],
)
def test_what_is_wrong_is_said_in_a_line(given, said, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(pack.URI_VARIABLE, given)
    assert pack.main([str(tmp_path / "dashboard.zip")]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert "secret" not in error
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_missing_is_named(tmp_path, capsys):
    assert pack.main([str(tmp_path / "nowhere" / "dashboard.zip")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "No such file or directory" in error
