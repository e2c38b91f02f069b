"""Python's garbage collector while exposures are loaded.

The imports leave half a million objects that stay. The collector looks at all of them whenever it
looks at everything, which an exposure's own objects make it do: a twelfth of reading.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: Python 3.12 starts with some hundred objects frozen; whoever calls gc.freeze() has thousands.
_FROZEN_BY_PYTHON = 1000

# Counting what is frozen takes 0.1 s for a million objects.
_is_for_good = False


def for_new_objects_alone() -> None:
    """Let the collector leave alone what is there, until the process ends."""
    global _is_for_good  # noqa: PLW0603 - what is frozen is frozen for the process
    _is_for_good = True
    gc.freeze()


@contextmanager
def for_new_objects() -> Iterator[None]:
    """Let the collector leave alone what is there, unless somebody else has asked it to."""
    if _is_for_good or gc.get_freeze_count() > _FROZEN_BY_PYTHON:
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
