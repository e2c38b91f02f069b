"""What stands around the package: the Makefile's targets and the look for system packages."""

import os
import subprocess
from pathlib import Path

import pytest

from scripts import system_packages

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.usefixtures("processes")
def test_plain_make_prints_the_targets():
    printed = subprocess.check_output(["make", "--no-print-directory"], cwd=REPOSITORY, text=True)
    targets = [line.split()[1] for line in printed.splitlines()]
    asked = ["migrate", "load", "test", "test-fast", "lint", "docs", "mariadb", "clean"]
    assert [target for target in targets if target in asked] == asked
    assert all(len(line.split()) > 4 for line in printed.splitlines())


def test_nothing_is_missing_where_everything_is_found(monkeypatch, capsys):
    monkeypatch.setattr(system_packages, "find_program", lambda name: f"/usr/bin/{name}")
    assert system_packages.main(["server", "browser"]) == 0
    assert capsys.readouterr().err == ""


def test_who_may_not_install_reads_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(system_packages, "find_program", lambda name: None)
    monkeypatch.setattr(system_packages, "JDBC_DRIVER", Path("/nowhere/driver.jar"))
    monkeypatch.setattr(system_packages, "SPIDER", Path("/nowhere/ha_spider.so"))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    needs = ["connector", "server", "browser", "stilts", "spider"]
    assert system_packages.main(["--install", *needs]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    packages = ("libmariadb-dev", "gcc", "mariadb-server", "openssl", "chromium", "stilts")
    for package in (*packages, "libmariadb-java", "mariadb-plugin-spider"):
        assert package in error


def test_services_stay_down_only_while_installing(tmp_path, monkeypatch):
    policy = tmp_path / "policy-rc.d"
    monkeypatch.setattr(system_packages, "POLICY", policy)
    with system_packages.services_stay_down():
        assert subprocess.run([policy], check=False).returncode == 101
    assert not policy.exists()
    policy.write_text("the administrator's\n")
    with system_packages.services_stay_down():
        assert policy.read_text() == "the administrator's\n"
    assert policy.read_text() == "the administrator's\n"
