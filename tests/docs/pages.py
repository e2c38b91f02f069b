"""The pages of the documentation, and a reader who tries their code blocks one after the other."""

from __future__ import annotations

import contextlib
import difflib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import click
import pandas as pd
import sqlalchemy as sa
from warehouse import execute

from aomuse.cli import cli, main
from aomuse.db import create_engine

REPOSITORY = Path(__file__).resolve().parents[2]
README = REPOSITORY / "README.md"
GENERATED = ("commands.md", "data-dictionary.md", "diagram.md")

#: Those that people write, and all pages.
DOCS = sorted((REPOSITORY / "docs").glob("*.md"))
WRITTEN = [README, *(page for page in DOCS if page.name not in GENERATED)]
PAGES = [README, REPOSITORY / "CONTRIBUTING.md", REPOSITORY / "CHANGELOG.md", *DOCS]

#: The language of a block, its text, and the text of what follows it at once as its output.
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$(?:(?=\s*^```text\n(.*?)^```$)|)", re.M | re.S)

#: A command that needs no shell: nothing in it is special to one but quotes.
_ALONE = re.compile(r"aomuse(?: [^|&;<>()$`*?\n\\]*)?")

#: What differs from run to run.
_SECONDS = re.compile(r"\b\d+\.\d+ s\b")


@dataclass(frozen=True)
class Block:
    """A fenced block of code, and the text below it that shows what comes of it, if any."""

    page: Path
    line: int
    language: str
    text: str
    output: str | None = None

    def __str__(self) -> str:
        return f"{self.page.relative_to(REPOSITORY)}:{self.line}"

    @property
    def is_query(self) -> bool:
        return self.language == "sql" and self.text.split()[0].upper() in {"SELECT", "WITH"}


def blocks(page: Path) -> list[Block]:
    """Give the blocks of a page."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, match.start()) + 1, *match.groups())
        for match in _FENCE.finditer(text)
    ]


def prose(page: Path) -> str:
    """Give a page without its blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def equal(shown: str, real: str) -> bool:
    """Say whether a real output is the one shown, in which a line … stands for any lines."""
    shown, real = _SECONDS.sub("0.0 s", shown), _SECONDS.sub("0.0 s", real)
    lines = [line.rstrip() for line in shown.strip("\n").split("\n")]
    pattern = "\n".join(re.escape(line) if line != "…" else "…" for line in lines)
    # the line break goes with the lines left out
    pattern = pattern.replace("…\n", "(?:[^\n]*\n)*?").replace("\n…", "(?:\n[^\n]*)*?")
    plain = "\n".join(line.rstrip() for line in real.strip("\n").split("\n"))
    return re.fullmatch(pattern.replace("…", ".*"), plain) is not None


def unknown(words: list[str]) -> str:
    """Give what of a call aomuse does not know: the words after its name."""
    command: click.Command = cli
    for word in words:
        name = word.partition("=")[0]
        options = {o for parameter in command.params for o in parameter.opts} | {"--help"}
        if name.startswith("-") and name not in options:
            return f"{command.name} has no {name}"
        if isinstance(command, click.Group) and re.fullmatch("[a-z][a-z-]*", name):
            below = command.get_command(click.Context(command), name)
            if below is None:
                return f"there is no {name}"
            command = below
    return ""


@dataclass
class Reader:
    """Somebody who types what a page shows, in a clone of the repository.

    What the page cannot know (a folder, a host) is put in by `stand_ins`, and taken out of what
    the commands print. Python and aomuse run in this process, all else in a shell: to start a
    process for each would take most of the time.
    """

    folder: Path
    stand_ins: Mapping[str, str] = field(default_factory=dict)
    admin_url: str | None = None

    def __post_init__(self) -> None:
        self._preamble = ""
        for name in ("Makefile", "pyproject.toml", "aomuse", "migrations", "scripts"):
            (self.folder / name).symlink_to(REPOSITORY / name)
        (self.folder / ".venv").symlink_to(sys.prefix)
        # what is installed is taken as it is: the tests' own environment is not made anew
        stamps = "-o .venv/bin/python -o .venv/.installed -o .venv/.installed-mariadb"
        self.environment = os.environ | {
            "PATH": os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ["PATH"]]),
            "HOME": str(self.folder),
            "BASH_FUNC_make%%": f'() {{ command make {stamps} "$@"; }}',
        }

    def follow(self, page: Path) -> None:
        """Run the blocks of a page in order, which do what the page says."""
        problems = [problem for block in blocks(page) for problem in self.try_out(block)]
        assert not problems, "\n\n".join(problems)

    def try_out(self, block: Block) -> Iterator[str]:
        """Run a block, and yield what is wrong with it."""
        match block.language:
            case "console":
                yield from self._console(block)
            case "python":
                code = compile(self._put_in(self._preamble + block.text), "<block>", "exec")
                real = self._inside(lambda: exec(code, {"__name__": "__main__"}))
                yield from self._compare(str(block), block.output, *real)
                if block.output is None and "with " not in block.text:
                    # It only sets up what the later blocks of the page begin with.
                    self._preamble = block.text
            case "sql":
                yield from self._sql(block)
            case "text" | "mermaid":
                pass
            case other:
                yield f"{block}: nobody runs a block of {other or 'no language'}"

    def _console(self, block: Block) -> Iterator[str]:
        for part in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
            command, _, shown = part.partition("\n")
            if _ALONE.fullmatch(command):
                arguments = shlex.split(self._put_in(command))
                with patch.object(sys, "argv", arguments):
                    real = self._inside(main)
            else:
                real = self._shell(command)
            yield from self._compare(f"{block}: {command}", shown.strip() and shown, *real)

    def _sql(self, block: Block) -> Iterator[str]:
        text = self._put_in(block.text)
        if not block.is_query:
            assert self.admin_url, f"{block} needs an administrator"
            engine = sa.create_engine(self.admin_url, poolclass=sa.NullPool)
            execute(engine, *filter(str.strip, text.split(";")))
            return
        default = f"sqlite:///{self.folder / 'aomuse.db'}"
        engine = create_engine(self.environment.get("AOMUSE_DATABASE_URL", default))
        with engine.connect() as connection:
            frame = pd.read_sql_query(sa.text(text.rstrip().rstrip(";")), connection)
        engine.dispose()
        yield from self._compare(str(block), block.output, frame.to_string(index=False))

    def _compare(self, where: str, shown: str | None, real: str, code: int = 0) -> Iterator[str]:
        if code:
            yield f"{where}: exit code {code}\n{real}"
            return
        for text, stand_in in self.stand_ins.items():
            real = real.replace(stand_in, text)
        if shown and not equal(shown, real):
            difference = difflib.unified_diff(
                shown.splitlines(), real.splitlines(), "shown", "real", lineterm=""
            )
            yield "\n".join([f"{where}: the output has changed", *difference])

    def _shell(self, command: str) -> tuple[str, int]:
        """Run a command in a shell, and keep the environment that it leaves."""
        script = f"{command}\nstatus=$?\nenv -0 > environment\nexit $status"
        result = subprocess.run(
            ["bash", "-c", self._put_in(script)],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if not result.returncode:
            pairs = (self.folder / "environment").read_text().rstrip("\0").split("\0")
            self.environment = dict(pair.split("=", 1) for pair in pairs)
        return result.stdout, result.returncode

    def _inside(self, run: Callable[[], object]) -> tuple[str, int]:
        """Run something in this process, where the reader is and with what the reader has set."""
        printed, code = io.StringIO(), 0
        with (
            patch.dict(os.environ, self.environment, clear=True),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
        ):
            try:
                run()
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else int(end.code is not None)
        return printed.getvalue(), code

    def _put_in(self, text: str) -> str:
        for shown, stand_in in self.stand_ins.items():
            text = text.replace(shown, stand_in)
        return text
