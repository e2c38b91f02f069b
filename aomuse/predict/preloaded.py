"""What worker processes that predict need, imported once for all of them: it takes seconds."""

from contextlib import suppress

import aomuse.workers.preloaded  # noqa: F401 - for what it imports
from aomuse.errors import ConfigurationError
from aomuse.predict.psfr import load_package

# A fork server would end here, and nobody would read why; each worker says it when it starts.
with suppress(ConfigurationError):
    load_package()
