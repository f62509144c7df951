"""For tests: time and chance under their control, and the neutral form that fixtures and conformance testees speak."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any

from cachepact._declared import entity_of
from cachepact._neutral.form import NeutralFormError
from cachepact._neutral.reading import read_key, read_value
from cachepact._neutral.writing import complete_value, write_key, write_value

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "FakeClock",
    "NeutralFormError",
    "SeededRandom",
    "complete_neutral",
    "from_neutral",
    "key_from_neutral",
    "key_to_neutral",
    "to_neutral",
]

_MASK = 0xFFFFFFFF


class FakeClock:
    """A clock that stands still until it is told to move; pass it as ``clock`` to a cache."""

    def __init__(self) -> None:
        self._now = 0.0

    def monotonic_ms(self) -> float:
        """Tell the ms by which the clock was moved."""
        return self._now

    def advance(self, ms: float) -> None:
        """Move time on."""
        self._now += ms


class SeededRandom:
    """The same sequence for the same seed (mulberry32, as in TypeScript), so that a run can be repeated.

    Pass it as ``random`` to a cache. Not for secrets.
    """

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def next(self) -> float:
        """Draw a number from 0 (included) to 1 (excluded)."""
        self._state = (self._state + 0x6D2B79F5) & _MASK
        mixed = self._state
        mixed = (mixed ^ mixed >> 15) * (mixed | 1) & _MASK
        mixed ^= mixed + ((mixed ^ mixed >> 7) * (mixed | 61) & _MASK) & _MASK
        return (mixed ^ mixed >> 14) / 2**32

    def token(self) -> str:
        """Draw 22 base64url characters."""
        drawn = bytes(int(self.next() * 256) for _ in range(16))
        return urlsafe_b64encode(drawn)[:22].decode()


def from_neutral(declared: object, neutral: Any) -> Any:
    """Make the value that a neutral value stands for, ready for a codec.

    ``declared`` is an entity, or the class that ``cachepact generate`` made of it. Members that are absent get the
    class's defaults, required ones None. ``{"native": …}`` is taken as it stands: a codec must refuse it.
    NeutralFormError on JSON that is no neutral value; E_TYPE on a member that the class does not have and E_RANGE on a
    time beyond datetime, because no codec would see them.
    """
    return read_value(entity_of(declared).schema, neutral)


def to_neutral(declared: object, value: object) -> dict[str, Any]:
    """Write a value in neutral form, complete, pairs of maps sorted: equal values give equal forms.

    NeutralFormError when the value is none of the entity: a decoder that gave it is broken.
    """
    return write_value(entity_of(declared).schema, value)


def complete_neutral(declared: object, neutral: Any) -> dict[str, Any]:
    """Complete a neutral value: what it leaves out at its default, maps sorted, long text written out.

    Two neutral values are equal when their complete forms are, and ``to_neutral`` gives complete forms. Made of the
    JSON alone. NeutralFormError when there is no complete form.
    """
    return complete_value(entity_of(declared).schema, neutral)


def key_from_neutral(declared: object, params: Mapping[str, Any]) -> dict[str, Any]:
    """Read the parameters of a key: arguments of the class's ``key``. NeutralFormError on another form."""
    return read_key(entity_of(declared).record, params)


def key_to_neutral(declared: object, key: object) -> dict[str, Any]:
    """Write the parameters of a key, an object of the generated class or a dict, by their proto names."""
    return write_key(entity_of(declared).record, key)
