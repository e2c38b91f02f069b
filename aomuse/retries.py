"""What the database could not do is tried again where that can help."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from aomuse import db
from aomuse.db import Trouble, describe_error, trouble_of
from aomuse.errors import CrowdedError, DatabaseError

T = TypeVar("T")


def retrying(engine: Engine, work: Callable[[], T], forget: Callable[[], None] = lambda: None) -> T:
    """Run a transaction; again after a lock, or when the server was away for a while.

    `forget` is called after each failure: the transaction was rolled back.
    """
    for delay in (*db.RETRY_DELAYS_S, None):
        try:
            return work()
        except DBAPIError as error:
            trouble = trouble_of(error)
            forget()
            if trouble is Trouble.NONE:
                raise
            if trouble is Trouble.CROWDED:
                # The connection itself was tried again and again.
                raise CrowdedError(
                    f"{describe_error(error)}: run again when it has connections to spare; only "
                    "complete exposures were saved"
                ) from error
            if trouble is Trouble.FULL or delay is None:
                advice = "make room"
                if trouble is not Trouble.FULL:
                    advice = (
                        f"still failing after {len(db.RETRY_DELAYS_S)} retries: check the server"
                    )
                raise DatabaseError(
                    f"{describe_error(error)}: {advice} and run again; only complete exposures "
                    "were saved"
                ) from error
            if trouble is Trouble.GONE:
                engine.dispose()
            time.sleep(delay)
    raise AssertionError
