"""The command line: a module for each group of commands."""

from aomuse.cli import export, load, status, verify  # noqa: F401 - importing a module adds its commands
from aomuse.cli.main import cli, main

__all__ = ["cli", "main"]
