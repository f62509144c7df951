"""Events -> measurements, by the names and labels of the wire's vocabulary, which every language shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, assert_never

from cachepact._events import (
    CacheEvent,
    CommandErrorEvent,
    CommandEvent,
    DecodeFailureEvent,
    FillEvent,
    ForeignEvent,
    LoadEvent,
    QuarantineEvent,
    RequestEvent,
    WriteEvent,
)

if TYPE_CHECKING:
    from cachepact._gen.metrics import MetricName

EVENT_METRICS: tuple[MetricName, ...] = (
    "cachepact_requests_total",
    "cachepact_redis_command_duration_seconds",
    "cachepact_redis_command_errors_total",
    "cachepact_load_duration_seconds",
    "cachepact_fills_total",
    "cachepact_writes_total",
    "cachepact_decode_failures_total",
    "cachepact_foreign_entries_total",
    "cachepact_quarantined_keys",
)
"""The metrics that events are turned into; the rest of the vocabulary belongs to the worker and to the server."""


class MetricSink(Protocol):
    """Where measurements go. Label values come from closed sets only: never a key, never an error's text."""

    def increment(self, name: MetricName, *labels: str) -> None:
        """Count one."""
        ...

    def observe(self, name: MetricName, value: float, *labels: str) -> None:
        """Add to a distribution."""
        ...

    def set(self, name: MetricName, value: float) -> None:
        """Say how much there is."""
        ...


def record(event: CacheEvent, sink: MetricSink) -> None:
    """Turn one event into measurements. An event without a case is a type error."""
    match event:
        case RequestEvent():
            sink.increment("cachepact_requests_total", event.entity, event.result)
        case CommandEvent():
            sink.observe("cachepact_redis_command_duration_seconds", event.duration_ms / 1000, event.command)
        case CommandErrorEvent():
            sink.increment("cachepact_redis_command_errors_total", event.command, event.reason)
        case LoadEvent():
            sink.observe("cachepact_load_duration_seconds", event.duration_ms / 1000, event.entity, event.outcome)
        case FillEvent():
            sink.increment("cachepact_fills_total", event.entity, event.result)
        case WriteEvent():
            sink.increment("cachepact_writes_total", event.entity, event.operation, event.outcome)
        case DecodeFailureEvent():
            sink.increment("cachepact_decode_failures_total", event.entity, event.code)
        case ForeignEvent():
            sink.increment("cachepact_foreign_entries_total", event.entity)
        case QuarantineEvent():
            sink.set("cachepact_quarantined_keys", event.size)
        case _:
            assert_never(event)
