"""What the methods of an Exposure and a PsfFit in a session do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import DBAPIError

from aomuse.change.headers import set_header
from aomuse.change.layers import set_parameter, set_source
from aomuse.db import Trouble, describe_error, trouble_of
from aomuse.errors import BusyError
from aomuse.legacy import documents


def _changing(change: Callable[..., None]) -> Callable[..., None]:
    """Return a change that says in one line that another one was in its way."""

    def changed(*arguments: Any, **options: Any) -> None:
        try:
            change(*arguments, **options)
        except DBAPIError as error:
            if trouble_of(error) is not Trouble.BUSY:
                raise
            raise BusyError(
                f"{describe_error(error)}: others have changed the same since this session read "
                "it, or change it now; the session was rolled back: fetch and change it again"
            ) from error

    return changed


OPERATIONS: dict[str, Callable[..., Any]] = {
    "data": documents.data,
    "psf_params": documents.psf_params,
    "sources": documents.sources,
    "set_header": _changing(set_header),
    "set_parameter": _changing(set_parameter),
    "set_source": _changing(set_source),
}
