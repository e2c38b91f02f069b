"""The command line: a module for each group of commands."""

from aomuse.cli.main import cli, main

__all__ = ["cli", "main"]
