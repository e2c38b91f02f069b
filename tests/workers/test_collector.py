"""The garbage collector looks at what a load makes, and not at what was there before.

Each test is a process of its own: what is frozen is frozen for a whole process.
"""

import subprocess
import sys

import pytest

_BEGIN = """
import gc
from aomuse.workers.collector import for_new_objects, for_new_objects_alone

before = [[] for _ in range(2000)]

def is_looked_at():
    return any(made is before for made in gc.get_objects())

"""

_IN_A_LOAD = """
with for_new_objects():
    assert gc.get_freeze_count() >= len(before) and not is_looked_at()
    new = []
    assert any(made is new for made in gc.get_objects())
assert is_looked_at()
"""

_FROZEN = """
{}()
later = []
with for_new_objects():
    assert any(made is later for made in gc.get_objects())
assert not is_looked_at()
"""


@pytest.mark.parametrize(
    "steps",
    [_IN_A_LOAD, _FROZEN.format("gc.freeze"), _FROZEN.format("for_new_objects_alone")],
    ids=["looked at again", "frozen by another", "frozen for good"],
)
def test_what_was_there_is_left_alone(steps, processes):
    subprocess.run([sys.executable, "-c", _BEGIN + steps], check=True)
