"""``python -m scripts.spider.check.dying_loader TREE MOMENT``: a load that kills itself."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from aomuse import pipeline
from aomuse.db import create_engine
from scripts.spider.check.moments import at

if __name__ == "__main__":
    with at(sys.argv[2], lambda _: os.kill(os.getpid(), signal.SIGKILL)):
        pipeline.load(create_engine(), [Path(sys.argv[1])], reload=True)
