"""What docs/operations.md and contrib/ tell a server to run exists, and can be run there."""

import configparser
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from pages import REPOSITORY, blocks, unknown

from aomuse.cli import cli
from aomuse.connections.urls import database_url

CONTRIB = REPOSITORY / "contrib"
PAGE = REPOSITORY / "docs" / "operations.md"
UNITS = sorted((CONTRIB / "systemd").iterdir())
CONTAINERFILE = (CONTRIB / "container" / "Containerfile").read_text()
COMPOSE = yaml.safe_load((CONTRIB / "container" / "compose.yaml").read_text())["services"]
RECIPE = yaml.safe_load((CONTRIB / "conda" / "recipe.yaml").read_text())
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
#: Where the files take aomuse to be.
INSTALLED = "/opt/aomuse/bin/aomuse"


def unit(path: Path) -> configparser.RawConfigParser:
    """Give the sections of a unit of systemd."""
    parser = configparser.RawConfigParser()
    parser.read(path)
    return parser


def invocations(line: str) -> list[list[str]]:
    """Give the words after each call of aomuse in a line for a shell."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words, found = list(lexer), []
    for place, word in enumerate(words):
        if word in {"aomuse", INSTALLED} and words[place - 1] != "-o":  # that is the account
            ends = (i for i in range(place, len(words)) if re.fullmatch(r"[;|&>]+", words[i]))
            found.append(words[place + 1 : next(ends, len(words))])
        elif " aomuse" in word or INSTALLED in word:  # sh -c '…'
            found += invocations(word)
    return [words for words in found if words]


def test_every_command_exists():
    lines = {path.name: [unit(path)["Service"]["ExecStart"].replace("%%", "%")]
             for path in UNITS if path.suffix == ".service"}  # fmt: skip
    crontab = (CONTRIB / "cron" / "aomuse").read_text().splitlines()
    jobs = [line.split(maxsplit=6) for line in crontab if line[:1].isdigit()]
    lines["cron"] = [command.replace(r"\%", "%") for *_, command in jobs]
    assert {account for *_, account, _ in jobs} == {"aomuse"}
    lines["page"] = [line for block in blocks(PAGE) if block.language in {"text", "console"}
                     for line in block.text.splitlines()]  # fmt: skip
    lines["recipe"] = RECIPE["tests"][1]["script"]
    found = {name: [c for line in lines[name] for c in invocations(line)] for name in lines}
    found["compose"] = [service["command"] for service in COMPOSE.values() if "command" in service]
    found["container"] = [["status"]] if 'CMD ["status"]' in CONTAINERFILE else []
    assert all(found.values()), found
    assert [call[0] for call in found["compose"]] == ["migrate", "load"]
    assert [unknown(call) for calls in found.values() for call in calls if unknown(call)] == []
    assert unknown(["laod", "x"]) == "there is no laod"
    assert unknown(["load", "--watch", "x"]) == "load has no --watch"
    # Cron runs what systemd runs.
    assert found["cron"] == found["aomuse-load.service"] + found["aomuse-backup.service"]


def test_systemd_takes_the_units(tmp_path):
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is missing")
    stand_in = Path(sys.executable).with_name("aomuse")
    units = [tmp_path / path.name for path in UNITS]
    for path, copy in zip(UNITS, units, strict=True):
        copy.write_text(path.read_text().replace(INSTALLED, str(stand_in)))
    for copy in units:
        command = [program, "verify", copy]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        mine = [line for line in done.stderr.splitlines() if str(tmp_path) in line
                or line.startswith("aomuse-")]  # fmt: skip
        assert (done.returncode, mine) == (0, []), done.stderr


def test_each_timer_starts_its_service():
    timers, services = (
        {path.stem: unit(path) for path in UNITS if path.suffix == f".{kind}"}
        for kind in ("timer", "service")
    )
    assert timers.keys() == services.keys()
    assert len(timers) + len(services) == len(UNITS)
    for timer in timers.values():
        assert timer["Install"]["WantedBy"] == "timers.target"
        assert timer["Timer"]["OnCalendar"].endswith("UTC")
    for service in services.values():
        assert service["Service"]["EnvironmentFile"] == "/etc/aomuse/environment"


def test_a_shell_reads_the_environment_as_systemd_does():
    path = CONTRIB / "environment"
    shown = 'set -a; . "$0"; printf %s "$AOMUSE_DATABASE_URL"'
    given = subprocess.run(["sh", "-c", shown, path], capture_output=True, text=True, check=True)
    urls = re.findall(r"^#?AOMUSE_DATABASE_URL='(.*)'$", path.read_text(), re.M)
    assert given.stdout == urls[0]
    assert [database_url(url).get_backend_name() for url in urls] == ["sqlite", "mariadb"]


def test_the_recipe_asks_for_what_the_package_needs():
    def bounds(requirements: list[str]) -> dict[str, str]:
        pairs = (re.fullmatch(r"([a-z-]+) ?>=([\d.]+)", text.split("#")[0].strip())
                 for text in requirements)  # fmt: skip
        return {pair[1].removesuffix("-base"): pair[2] for pair in pairs if pair}

    wanted = bounds(PROJECT["dependencies"])
    assert len(wanted) == len(PROJECT["dependencies"])
    wanted["python"] = PROJECT["requires-python"].removeprefix(">=")
    assert bounds(RECIPE["requirements"]["run"]) == wanted
    assert RECIPE["context"]["version"] == PROJECT["version"]


def test_the_image_is_made_of_what_there_is():
    for line in re.findall(r"^COPY (?!--)(.*)$", CONTAINERFILE, re.M):
        *sources, _ = line.split()
        assert all((REPOSITORY / source).exists() for source in sources), line
    (extras,) = re.findall(r"\[([a-z,-]+)\]\"", CONTAINERFILE)
    assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])
    build = COMPOSE["migrate"]["build"]
    place = (CONTRIB / "container" / build["context"]).resolve()
    assert (place / build["dockerfile"]).samefile(CONTRIB / "container" / "Containerfile")
    assert COMPOSE["load"]["build"] == build


def test_every_file_has_a_row_in_the_readme():
    text = (CONTRIB / "README.md").read_text()
    places = {path.relative_to(CONTRIB).parts[0] for path in CONTRIB.rglob("*") if path.is_file()}
    assert all(f"`{place}" in text for place in places - {"README.md"})


def test_the_shell_completes(monkeypatch):
    for typed, completed in {
        "aomuse load --re": "plain,--reload",
        "aomuse load ni": "file,ni",
        "aomuse rep": "plain,report",
    }.items():
        monkeypatch.setenv("_AOMUSE_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", typed)
        monkeypatch.setenv("COMP_CWORD", str(typed.count(" ")))
        done = CliRunner().invoke(cli, prog_name="aomuse")
        assert done.output.splitlines() == [completed]
    program = Path(sys.executable).with_name("aomuse")  # as the shell asks
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [completed]
