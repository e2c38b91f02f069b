"""What commands print: each line is safe for a terminal."""

from __future__ import annotations

import click

from aomuse.paths import shown


def echo(line: str = "", *, err: bool = False) -> None:
    """Print a line, with control characters escaped: names and values come from files."""
    click.echo(shown(line), err=err)
