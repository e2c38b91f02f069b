"""The command datasette-metadata."""

from __future__ import annotations

import json
from pathlib import Path

import click

from aomuse.cli.main import Context, cli, pass_context
from aomuse.cli.output import echo
from aomuse.errors import ConfigurationError
from aomuse.query.datasette import datasette_metadata
from aomuse.whole_file import whole_file


@cli.command(
    "datasette-metadata",
    epilog="\b\nExample:\n  aomuse datasette-metadata metadata.json\n"
    "  datasette aomuse.db --metadata metadata.json",
)
@click.argument("out", metavar="OUT.json", type=click.Path(path_type=Path, dir_okay=False))
@pass_context
def datasette_metadata_command(context: Context, out: Path) -> None:
    """Write what Datasette shows about a SQLite database.

    OUT.json has titles, descriptions, units, facets and labels of all tables and views. Write it
    again after a load that brought new kinds of tables.
    """
    content = datasette_metadata(context.engine)
    try:
        with whole_file(out) as file:
            json.dump(content, file, indent=2, ensure_ascii=False)
            file.write("\n")
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written: {error.strerror}") from error
    (name,) = content["databases"]
    tables = content["databases"][name]["tables"]
    echo(
        f"{out}: tables and views of {name}, {len(tables)} in all; give it to datasette --metadata"
    )
