"""What worker processes need, imported once by the process that they are forked from.

That is a fork server, or the loader itself.

It imports without garbage collections, which would take a quarter of the time. And no worker's
collector looks at what the imports have left (`aomuse.workers.collector` says why).
"""

import gc
from importlib import import_module

from sqlalchemy.orm import configure_mappers

from aomuse.workers.collector import for_new_objects_alone

_MODULES = (
    "aomuse.stages",
    "aomuse.read.fits_file",
    "aomuse.read.text_file",
    "aomuse.libmariadb.writer",
)

_was_enabled = gc.isenabled()
gc.disable()
try:
    for _module in _MODULES:
        import_module(_module)
    configure_mappers()  # which each worker would do at its first question
finally:
    for_new_objects_alone()
    if _was_enabled:
        gc.enable()
