"""What has to be changed in one nested value to make it another, type for type.

A difference is itself JSON: ``{"value": …}`` puts another value in place, ``{"values": {key:
difference}, "keys": […]}`` goes into a dictionary, with the keys in order where these differ.
"""

from __future__ import annotations

from typing import Any

import numpy as np

#: Stands for a value that is not there.
ABSENT: Any = object()


def difference(ours: Any, wanted: Any) -> dict[str, Any] | None:
    """Return what makes one value the other."""
    if not (isinstance(ours, dict) and isinstance(wanted, dict)):
        return None if _same(ours, wanted) else {"value": wanted}
    values = {}
    for key, value in wanted.items():
        found = difference(ours.get(key, ABSENT), value)
        if found is not None:
            values[key] = found
    keys_differ = list(ours) != list(wanted)
    if not values and not keys_differ:
        return None
    return {"values": values} | ({"keys": list(wanted)} if keys_differ else {})


def applied(ours: Any, change: dict[str, Any] | None) -> Any:
    """Return a value with a difference applied."""
    if change is None:
        return ours
    if "value" in change:
        return change["value"]
    there = ours if isinstance(ours, dict) else {}
    keys = change.get("keys", list(there))
    return {
        key: applied(there.get(key), change["values"].get(key))
        for key in keys
        if key in there or key in change["values"]
    }


def is_whole(change: dict[str, Any] | None) -> bool:
    """Return whether a difference leaves nothing of what there was."""
    return change is not None and "value" in change


def _same(ours: Any, wanted: Any) -> bool:
    if type(ours) is not type(wanted):
        return False
    if isinstance(ours, list):
        return _same_lists(ours, wanted)
    if isinstance(ours, float):
        return bool(ours.hex() == wanted.hex())
    if isinstance(ours, dict):
        return difference(ours, wanted) is None
    return bool(ours == wanted)


def _same_lists(ours: list[Any], wanted: list[Any]) -> bool:
    if len(ours) != len(wanted):
        return False
    kinds = set(map(type, ours)), set(map(type, wanted))
    if kinds[0] != kinds[1]:
        return False
    if kinds[0] == {float}:
        # Doubles bit by bit, in one go; NaN has one meaning and many bits.
        first, second = np.array(ours), np.array(wanted)
        same = first.view(np.int64) == second.view(np.int64)
        return bool((same | (np.isnan(first) & np.isnan(second))).all())
    if kinds[0] in ({int}, {str}, {bool}):
        return ours == wanted
    return all(_same(a, b) for a, b in zip(ours, wanted, strict=True))
