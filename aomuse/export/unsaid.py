"""What values do not say of the bytes that they were read from."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import product, starmap
from typing import Literal

#: Something in a table that several byte sequences say: NaN, lists in a heap, numbers in text.
Trait = Literal["nan", "lists", "text"]

#: What is said of a table with such a trait whose bytes are not those of the file.
MEANING: dict[Trait, str] = {
    "nan": "the bits of its NaN",
    "lists": "the order of its lists in the heap",
    "text": "the way in which its numbers are written",
}


@dataclass(frozen=True)
class Convention:
    """How a program writes what values do not say.

    ``nan`` are the bits of NaN in 32 and 64 bits. Lists lie in the heap column by column or
    ``by_row``; an empty one points to where it would be, or, ``empty_at_zero``, to the
    beginning of the heap.
    """

    nan: tuple[int, int] = (0x7FC00000, 0x7FF8000000000000)
    by_row: bool = False
    empty_at_zero: bool = False


#: NaN as numpy has it, as x86 computes it, and as C programs set it: all bits.
_NAN = (
    Convention().nan,
    (0xFFC00000, 0xFFF8000000000000),
    (0x7FFFFFFF, 0x7FFFFFFFFFFFFFFF),
    (0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF),
)


def other_conventions(traits: Collection[Trait]) -> Iterator[Convention]:
    """Yield all conventions that matter to tables with these traits, but for the usual one."""
    both = (False, True)
    nans = _NAN if "nan" in traits else _NAN[:1]
    orders = both if "lists" in traits else both[:1]
    choices = product(nans, orders, orders)
    next(choices)
    return starmap(Convention, choices)
