"""The garbage collector looks at what a load makes, and not at what was there before."""

import gc

from aomuse.workers.collector import for_new_objects


def test_what_was_there_is_left_alone_and_then_looked_at_again():
    before = [[] for _ in range(100)]
    with for_new_objects():
        assert gc.get_freeze_count() >= len(before)
        assert not any(made is before for made in gc.get_objects())
    assert gc.get_freeze_count() == 0
    assert any(made is before for made in gc.get_objects())


def test_what_another_has_frozen_stays_frozen():
    gc.freeze()
    try:
        count = gc.get_freeze_count()
        with for_new_objects():
            pass
        # Some may have ended meanwhile, in another thread.
        assert gc.get_freeze_count() > count / 2
    finally:
        gc.unfreeze()
