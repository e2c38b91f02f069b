"""The help of every command, as ``--help`` prints it."""

from __future__ import annotations

from collections.abc import Iterator

import click

from aomuse.cli import cli

#: Columns of the help's text, whatever the terminal.
_WIDTH = 88

_INTRODUCTION = """\
# Commands

What `aomuse --help` and `aomuse COMMAND --help` print. The database comes from `--db`, else from
the environment variable `AOMUSE_DATABASE_URL`, else it is the file `aomuse.db` in the working
directory.
"""


def page() -> str:
    """Return the page.

    Returns
    -------
    str
        Markdown with a section for each command.
    """
    lines = [_INTRODUCTION.rstrip()]
    for name, text in command_help():
        lines += ["", f"## {name}", "", "```text", text, "```"]
    return "\n".join(lines) + "\n"


def command_help() -> Iterator[tuple[str, str]]:
    """Yield each command with its help.

    Yields
    ------
    (str, str)
        The command as one types it, and its help; a group comes before its commands.
    """
    yield from _walk(cli, "aomuse", None)


def _walk(
    command: click.Command, name: str, above: click.Context | None
) -> Iterator[tuple[str, str]]:
    settings = {**command.context_settings, "terminal_width": _WIDTH}
    context = click.Context(command, info_name=name, parent=above, **settings)
    lines = command.get_help(context).splitlines()
    yield context.command_path, "\n".join(line.rstrip() for line in lines)
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            below = command.get_command(context, each)
            if below is not None and not below.hidden:
                yield from _walk(below, each, context)
