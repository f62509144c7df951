"""Runs all contenders interleaved, as `src/codecs/measure.ts` does."""

from __future__ import annotations

import gc
import hashlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from bench_codecs.user import SIZES, Size, users

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench_codecs.contender import Contender

Operation = Literal["encode", "decode"]

_USERS: dict[Size, int] = {"small": 64, "large": 32}
_DIGEST_USERS = 16
_WARM_UP_SLICES = 2


@dataclass(slots=True)
class _Slice:
    """One contender with its data and one operation of it."""

    inputs: Sequence[Any]
    run: Callable[[Any], Any]
    times: list[float] = field(default_factory=list)
    repetitions: int = 1

    def time(self) -> float:
        """Nanoseconds of processor time an operation: other work on the machine does not count."""
        run, inputs = self.run, self.inputs
        started = time.process_time_ns()
        for _ in range(self.repetitions):
            for one in inputs:
                run(one)
        return (time.process_time_ns() - started) / (self.repetitions * len(inputs))

    def warm_up(self, slice_ms: float) -> None:
        """Run for a while and find how many repetitions fill a slice."""
        deadline = time.perf_counter() + slice_ms * _WARM_UP_SLICES / 1000
        best = self.time()
        while time.perf_counter() < deadline:
            best = min(best, self.time())
        self.repetitions = max(1, round(slice_ms * 1e6 / (max(best, 1) * len(self.inputs))))


def measure(
    contenders: Sequence[Contender], rounds: int, slice_ms: float, progress: Callable[[int], None]
) -> list[dict[str, Any]]:
    """Measure in rounds; one more is run before and dropped, and each starts at another contender.

    Gives the ``contenders`` of `src/codecs/measurement.ts`.
    """
    payloads = {(at, size): _payloads(one, size) for at, one in enumerate(contenders) for size in SIZES}
    slices: dict[tuple[int, Size, Operation], _Slice] = {}
    for at, one in enumerate(contenders):
        for size in SIZES:
            if one.encode is not None:
                subjects = [one.subject(user) for user in users(_USERS[size], size)]
                slices[at, size, "encode"] = _Slice(subjects, one.encode)
            slices[at, size, "decode"] = _Slice(payloads[at, size], one.decode)
    order = list(slices.values())
    # The data of all contenders is no garbage: without this, whoever runs when a full collection is due pays for it.
    gc.collect()
    gc.freeze()
    for one_slice in order:
        one_slice.warm_up(slice_ms)
    progress(0)
    for number in range(1, rounds + 1):
        first = number * len(order) // (rounds + 1)
        for one_slice in order[first:] + order[:first]:
            one_slice.times.append(one_slice.time())
        progress(number)
    return [
        {"name": one.name, "cells": [_cell(slices, payloads[at, size], at, size) for size in SIZES]}
        for at, one in enumerate(contenders)
    ]


def _payloads(contender: Contender, size: Size) -> list[bytes]:
    return [contender.payload_of(user) for user in users(_USERS[size], size)]


def _cell(
    slices: dict[tuple[int, Size, Operation], _Slice], payloads: Sequence[bytes], at: int, size: Size
) -> dict[str, Any]:
    encode = slices.get((at, size, "encode"))
    return {
        "size": size,
        "bytes": sum(map(len, payloads)) / len(payloads),
        "encode": [] if encode is None else encode.times,
        "decode": slices[at, size, "decode"].times,
        "digest": hashlib.sha256(b"".join(payloads[:_DIGEST_USERS])).hexdigest(),
    }
