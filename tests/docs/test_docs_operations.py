"""What docs/operations.md and contrib/ tell a server to run exists, and can be run there."""

import configparser
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner
from pages import REPOSITORY, blocks

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


def unit(path: Path) -> dict[str, dict[str, str]]:
    """Give the sections of a unit of systemd."""
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path)
    return {name: dict(parser[name]) for name in parser.sections()}


def cron_lines() -> list[str]:
    """Give the shell commands of the crontab."""
    lines = (CONTRIB / "cron" / "aomuse").read_text().splitlines()
    jobs = [line.split(maxsplit=6) for line in lines if line[:1].isdigit()]
    assert {job[5] for job in jobs} == {"aomuse"}
    return [job[6].replace(r"\%", "%") for job in jobs]


def invocations(line: str) -> list[list[str]]:
    """Give the words after each call of aomuse in a line for a shell."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words, found = list(lexer), []
    for place, word in enumerate(words):
        if word in {"aomuse", INSTALLED}:
            ends = (i for i in range(place, len(words)) if re.fullmatch(r"[;|&>]+", words[i]))
            found.append(words[place + 1 : next(ends, len(words))])
        elif " aomuse" in word or INSTALLED in word:  # sh -c '…'
            found += invocations(word)
    return [words for words in found if words]


def commands() -> dict[str, list[list[str]]]:
    """Give each call of aomuse by where it stands."""
    lines = {path.name: [unit(path)["Service"]["ExecStart"].replace("%%", "%")]
             for path in UNITS if path.suffix == ".service"}  # fmt: skip
    lines["cron"] = cron_lines()
    lines["page"] = [line for block in blocks(PAGE) if block.language in {"text", "console"}
                     for line in block.text.splitlines()]  # fmt: skip
    lines["recipe"] = RECIPE["tests"][1]["script"]
    found = {
        name: [call for line in of for call in invocations(line)] for name, of in lines.items()
    }
    found["compose"] = [service["command"] for service in COMPOSE.values() if "command" in service]
    found["container"] = [["status"]] if 'CMD ["status"]' in CONTAINERFILE else []
    return found


def problem(words: list[str]) -> str:
    """Give what of a call aomuse does not know."""
    command: click.Command = cli
    for word in words:
        name = word.partition("=")[0]
        options = {o for parameter in command.params for o in parameter.opts} | {"--help"}
        if name.startswith("--") and name not in options:
            return f"{command.name} has no {name}"
        if isinstance(command, click.Group) and re.fullmatch("[a-z-]+", name) and name[0] != "-":
            below = command.get_command(click.Context(command), name)
            if below is None:
                return f"there is no {name}"
            command = below
    return ""


def test_every_command_exists():
    found = commands()
    assert all(found.values()), found
    assert [call[0] for call in found["compose"]] == ["migrate", "load"]
    wrong = {(name, problem(call)) for name, calls in found.items() for call in calls}
    assert {problem for _, problem in wrong} == {""}, wrong
    assert problem(["laod", "x"]) == "there is no laod"
    assert problem(["load", "--watch", "x"]) == "load has no --watch"


def test_cron_runs_what_systemd_runs():
    of_units = commands()
    assert of_units["cron"] == [
        *of_units["aomuse-load.service"],
        *of_units["aomuse-backup.service"],
    ]


def test_systemd_takes_the_units(tmp_path):
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is missing")
    stand_in = Path(sys.executable).with_name("aomuse")
    for path in UNITS:
        text = path.read_text().replace(INSTALLED, str(stand_in))
        (tmp_path / path.name).write_text(text)
    for path in UNITS:
        command = [program, "verify", str(tmp_path / path.name)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        mine = [line for line in done.stderr.splitlines() if str(tmp_path) in line
                or line.startswith("aomuse-")]  # fmt: skip
        assert (done.returncode, mine) == (0, []), done.stderr


def test_each_timer_starts_its_service():
    names = {path.name for path in UNITS}
    timers = {name for name in names if name.endswith(".timer")}
    assert names == timers | {name.replace(".timer", ".service") for name in timers}
    for path in UNITS:
        if path.suffix == ".timer":
            assert unit(path)["Install"]["WantedBy"] == "timers.target"
            assert unit(path)["Timer"]["OnCalendar"].endswith("UTC")
        else:
            assert unit(path)["Service"]["EnvironmentFile"] == "/etc/aomuse/environment"


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
        for name, value in {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" ")),
                            "_AOMUSE_COMPLETE": "bash_complete"}.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        done = CliRunner().invoke(cli, prog_name="aomuse")
        assert done.output.splitlines() == [completed]
    program = Path(sys.executable).with_name("aomuse")  # as the shell asks
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [completed]
