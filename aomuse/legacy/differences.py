"""What has to be changed in one nested value to make it another, type for type.

A difference is itself JSON: ``{"value": …}`` puts another value in place, ``{"values": {key:
difference}, "keys": […]}`` goes into a dictionary, with the keys in order where these differ.
"""

from __future__ import annotations

from typing import Any

import numpy as np

#: Stands for a value that is not there.
ABSENT: Any = object()


def difference(stored: Any, wanted: Any) -> dict[str, Any] | None:
    """Return what makes the stored value the wanted one, None if they are the same."""
    if not (isinstance(stored, dict) and isinstance(wanted, dict)):
        return None if _are_same(stored, wanted) else {"value": wanted}
    values = {}
    for key, value in wanted.items():
        change = difference(stored.get(key, ABSENT), value)
        if change is not None:
            values[key] = change
    keys_differ = list(stored) != list(wanted)
    if not values and not keys_differ:
        return None
    return {"values": values} | ({"keys": list(wanted)} if keys_differ else {})


def applied(stored: Any, change: dict[str, Any] | None) -> Any:
    """Return a value with a difference applied."""
    if change is None:
        return stored
    if "value" in change:
        return change["value"]
    values, changes = stored if isinstance(stored, dict) else {}, change["values"]
    return {
        key: applied(values.get(key), changes.get(key))
        for key in change.get("keys", values)
        if key in values or key in changes
    }


def is_whole(change: dict[str, Any] | None) -> bool:
    """Return whether a difference leaves nothing of the stored value."""
    return change is not None and "value" in change


def _are_same(stored: Any, wanted: Any) -> bool:
    if type(stored) is not type(wanted):
        return False
    if isinstance(stored, list):
        return _are_same_lists(stored, wanted)
    if isinstance(stored, float):
        return bool(stored.hex() == wanted.hex())
    if isinstance(stored, dict):
        return difference(stored, wanted) is None
    return bool(stored == wanted)


def _are_same_lists(stored: list[Any], wanted: list[Any]) -> bool:
    types = set(map(type, stored))
    if len(stored) != len(wanted) or types != set(map(type, wanted)):
        return False
    if types == {float}:
        # Doubles bit by bit, in one go; NaN has one meaning and many bits.
        first, second = np.array(stored), np.array(wanted)
        same = first.view(np.int64) == second.view(np.int64)
        return bool((same | (np.isnan(first) & np.isnan(second))).all())
    if types in ({int}, {str}, {bool}):
        return stored == wanted
    return all(_are_same(one, other) for one, other in zip(stored, wanted, strict=True))
