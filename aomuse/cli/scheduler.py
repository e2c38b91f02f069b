"""The option --scheduler of the commands that can be carried out on a cluster."""

from __future__ import annotations

from functools import partial

import click

from aomuse.errors import ConfigurationError
from aomuse.workers.crew import Crew

scheduler_option = click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Use the workers of a scheduler of dask.distributed, such as tcp://HOST:8786.",
)


def crew_of(scheduler: str | None) -> Crew | None:
    """Return what offers the workers of a scheduler."""
    if scheduler is None:
        return None
    try:
        from aomuse.workers.cluster import cluster
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("aomuse"):
            raise
        raise ConfigurationError(
            f"{error.name} is not installed: pip install 'aomuse[cluster]'"
        ) from error
    return partial(cluster, scheduler)
