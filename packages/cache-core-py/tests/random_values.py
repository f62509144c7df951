"""Values of a schema drawn from a seed, biased to the edges: many a second, where Hypothesis draws a few."""

from __future__ import annotations

import os
import random
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

from cachepact._schema import EnumType, Field, MessageType

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = (-62_135_596_800_000, -1, 0, 999, 1000, 2**32 * 1000 - 1, 2**34 * 1000, 253_402_300_799_999)
_LETTERS = 'abz09 .:-_"\\/\x00\x1b\x7f\u00e9\u2028\ud7ff\ue000\ufeff\uffff\U00010000\U0001f600'
_TEXTS = ("", "a", "ab", "abc", "b", "__proto__", "constructor", "2023-11-14T22:13:20Z", "5", "x" * 31, "x" * 32)
_DOUBLES = (
    0.0,
    1.0,
    -1.5,
    1e15,
    1e16,
    1e21,
    1e-5,
    1e-6,
    1e-7,
    5e-324,
    1.7976931348623157e308,
    0.1,
    2.0**53,
    123456.789,
)


def seed_of_run() -> int:
    """The seed of a run's random tests: CACHEPACT_SEED replays one, else it is drawn. Printed, so that a log has it."""
    found = os.environ.get("CACHEPACT_SEED")
    seed = int(found) if found else random.SystemRandom().randrange(2**32)
    print(f"CACHEPACT_SEED={seed}")  # noqa: T201
    return seed


def cases_of_run(default: int) -> int:
    """How many cases a long test draws."""
    return int(os.environ.get("CACHEPACT_CASES") or default)


def draw_value(chance: random.Random, schema: MessageType) -> Any:
    return schema.value_type(**{field.attribute: _member(chance, field) for field in schema.fields})


def _member(chance: random.Random, field: Field) -> Any:
    if field.presence == "optional" and not field.required and chance.random() < 0.5:
        return None
    if field.presence == "repeated":
        return [_single(chance, field) for _ in range(_count(chance))]
    if field.presence == "map":
        return {draw_text(chance): _single(chance, field) for _ in range(_count(chance))}
    return _single(chance, field)


def _count(chance: random.Random) -> int:
    return chance.choice((0, 0, 1, 1, 2, 3, 5, 17))


def _single(chance: random.Random, field: Field) -> Any:
    kind = field.type
    if isinstance(kind, MessageType):
        return draw_value(chance, kind)
    if isinstance(kind, EnumType):
        return kind.member(chance.choice((*kind.values.values(), 0, 7, -(2**31), 2**31 - 1)))
    match kind:
        case "string":
            return draw_text(chance)
        case "bool":
            return chance.random() < 0.5
        case "bytes":
            return chance.randbytes(chance.choice((0, 1, 2, 3, 31, 32, 255, 256)))
        case "double":
            return _double(chance)
        case "timestamp":
            ms = chance.choice((*_MS, chance.randint(_MS[0], _MS[-1]), chance.randint(0, 2**32) * 1000))
            return _EPOCH + timedelta(milliseconds=ms)
        case _:
            low, high = field.bounds
            edge = min(high, 1 << chance.randint(0, 64)) - chance.randint(0, 1)
            return max(low, chance.choice((low, high, 0, edge, -edge, chance.randint(low, high))))


def draw_text(chance: random.Random) -> str:
    if chance.random() < 0.5:
        return chance.choice(_TEXTS)
    return "".join(chance.choice(_LETTERS) for _ in range(chance.randint(0, 6)))


def _double(chance: random.Random) -> float:
    drawn: float = struct.unpack("<d", chance.randbytes(8))[0]
    number: float = chance.choice((chance.choice(_DOUBLES), float(chance.randint(-(10**17), 10**17)), drawn))
    return number + 0.0 if -1.8e308 < number < 1.8e308 else 0.5
