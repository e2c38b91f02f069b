"""The command line: a module for each group of commands."""

# Importing a module adds its commands.
from aomuse.cli import (  # noqa: F401
    admin,
    export,
    import_blobs,
    load,
    metrics,
    predict,
    report,
    status,
    verify,
)
from aomuse.cli.main import cli, main

__all__ = ["cli", "main"]
