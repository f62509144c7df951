"""Checks of members that are many: a value is written only after all of it was found plainly right."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cachepact._generated.unusual import UnusualError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_INT = frozenset((int,))


def are_integers(values: Collection[int], low: int, high: int, kinds: frozenset[type] = _INT) -> bool:
    """Tell whether all are of the kinds, so that none is a bool, and within the range."""
    return not values or (kinds.issuperset(map(type, values)) and low <= min(values) and max(values) <= high)


def are_all(values: Iterable[object], kind: type) -> bool:
    """Tell whether all are of one class and none of a subclass."""
    return frozenset((kind,)).issuperset(map(type, values))


def demand_map_order(keys: Iterable[str]) -> None:
    """Abstain from a map with keys that UTF-16 and code points put in another order: one beyond U+FFFF, one near it."""
    text = "".join(keys)
    if not text.isascii() and max(text) > "\uffff" and any("\ue000" <= letter <= "\uffff" for letter in text):
        raise UnusualError


def finite(number: float) -> float:
    """Give a finite double; -0 is 0, an int its double."""
    if (type(number) is not float and type(number) is not int) or not math.isfinite(number):
        raise UnusualError
    return number + 0.0


def safe_int(number: int) -> int:
    """Give an integer within +-(2^53-1)."""
    if not -9007199254740991 <= number <= 9007199254740991:
        raise UnusualError
    return number
