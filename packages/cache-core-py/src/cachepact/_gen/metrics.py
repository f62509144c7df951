"""Generated from packages/wire/vocabulary/metrics.json. Do not edit."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

MetricName = Literal[
    "cachepact_requests_total",
    "cachepact_redis_command_duration_seconds",
    "cachepact_redis_command_errors_total",
    "cachepact_load_duration_seconds",
    "cachepact_fills_total",
    "cachepact_writes_total",
    "cachepact_decode_failures_total",
    "cachepact_foreign_entries_total",
    "cachepact_quarantined_keys",
    "cachepact_writeback_events_total",
    "cachepact_writeback_batch_duration_seconds",
    "cachepact_writeback_oldest_age_seconds",
    "cachepact_writeback_partitions_owned",
    "cachepact_writeback_lost_state_total",
    "redis_up",
    "redis_memory_used_bytes",
    "redis_memory_max_bytes",
    "redis_evicted_keys_total",
    "redis_expired_keys_total",
    "redis_keyspace_hits_total",
    "redis_keyspace_misses_total",
]


class Metric(NamedTuple):
    """One metric; a label whose values are ``None`` takes names that the deployment's contracts close."""

    name: MetricName
    type: Literal["counter", "gauge", "histogram"]
    help: str
    labels: Mapping[str, tuple[str, ...] | None]
    buckets: tuple[float, ...] | None


METRICS: Final[Mapping[MetricName, Metric]] = {
    "cachepact_requests_total": Metric(
        name="cachepact_requests_total",
        type="counter",
        help="Reads of an entity by where the answer came from.",
        labels={
            "entity": None,
            "result": ("hit", "stale", "negative", "pending", "miss", "bypass", "error"),
        },
        buckets=None,
    ),
    "cachepact_redis_command_duration_seconds": Metric(
        name="cachepact_redis_command_duration_seconds",
        type="histogram",
        help="Time from sending a Redis command or script until its reply. command=get is the read of an entry; fill, store and accept are the writes.",
        labels={
            "command": ("get", "acquire", "fill", "begin", "finish", "store", "renew", "release", "accept", "pending"),
        },
        buckets=(0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1),
    ),
    "cachepact_redis_command_errors_total": Metric(
        name="cachepact_redis_command_errors_total",
        type="counter",
        help="Redis commands and scripts without a usable reply.",
        labels={
            "command": ("get", "acquire", "fill", "begin", "finish", "store", "renew", "release", "accept", "pending"),
            "reason": ("timeout", "unavailable", "oom", "error"),
        },
        buckets=None,
    ),
    "cachepact_load_duration_seconds": Metric(
        name="cachepact_load_duration_seconds",
        type="histogram",
        help="Time of a load from the source of truth.",
        labels={
            "entity": None,
            "outcome": ("found", "not_found", "error", "timeout"),
        },
        buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    ),
    "cachepact_fills_total": Metric(
        name="cachepact_fills_total",
        type="counter",
        help="Answers to loads that wanted to store their value.",
        labels={
            "entity": None,
            "result": ("stored", "lost", "stale", "newer", "error"),
        },
        buckets=None,
    ),
    "cachepact_writes_total": Metric(
        name="cachepact_writes_total",
        type="counter",
        help="Writes and invalidations by outcome.",
        labels={
            "entity": None,
            "operation": ("write", "invalidate", "put", "remove"),
            "outcome": ("stored", "deleted", "kept", "accepted", "pending", "refused", "unknown", "error"),
        },
        buckets=None,
    ),
    "cachepact_decode_failures_total": Metric(
        name="cachepact_decode_failures_total",
        type="counter",
        help="Entries that could not be decoded and counted as a miss, by error code.",
        labels={
            "entity": None,
            "code": None,
        },
        buckets=None,
    ),
    "cachepact_foreign_entries_total": Metric(
        name="cachepact_foreign_entries_total",
        type="counter",
        help="Entries that were read and that a writer of another schema has written: another release, during a roll.",
        labels={
            "entity": None,
        },
        buckets=None,
    ),
    "cachepact_quarantined_keys": Metric(
        name="cachepact_quarantined_keys",
        type="gauge",
        help="Keys that this process bypasses because an invalidation is not delivered yet.",
        labels={},
        buckets=None,
    ),
    "cachepact_writeback_events_total": Metric(
        name="cachepact_writeback_events_total",
        type="counter",
        help="Write-behind events by what became of them.",
        labels={
            "log": None,
            "outcome": ("applied", "superseded"),
        },
        buckets=None,
    ),
    "cachepact_writeback_batch_duration_seconds": Metric(
        name="cachepact_writeback_batch_duration_seconds",
        type="histogram",
        help="Time of one batch, from reading the stream to its acknowledgement.",
        labels={
            "log": None,
        },
        buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    ),
    "cachepact_writeback_oldest_age_seconds": Metric(
        name="cachepact_writeback_oldest_age_seconds",
        type="gauge",
        help="Age of the oldest accepted write that is not in the database yet.",
        labels={
            "log": None,
        },
        buckets=None,
    ),
    "cachepact_writeback_partitions_owned": Metric(
        name="cachepact_writeback_partitions_owned",
        type="gauge",
        help="Partitions that this worker owns.",
        labels={
            "log": None,
        },
        buckets=None,
    ),
    "cachepact_writeback_lost_state_total": Metric(
        name="cachepact_writeback_lost_state_total",
        type="counter",
        help="Times that Redis came back without a partition's state (loss) or with an older one (older).",
        labels={
            "log": None,
            "kind": ("loss", "older"),
        },
        buckets=None,
    ),
    "redis_up": Metric(
        name="redis_up",
        type="gauge",
        help="1 when Redis answered the last INFO.",
        labels={},
        buckets=None,
    ),
    "redis_memory_used_bytes": Metric(
        name="redis_memory_used_bytes",
        type="gauge",
        help="used_memory of Redis.",
        labels={},
        buckets=None,
    ),
    "redis_memory_max_bytes": Metric(
        name="redis_memory_max_bytes",
        type="gauge",
        help="maxmemory of Redis; 0 = no limit.",
        labels={},
        buckets=None,
    ),
    "redis_evicted_keys_total": Metric(
        name="redis_evicted_keys_total",
        type="counter",
        help="evicted_keys of Redis.",
        labels={},
        buckets=None,
    ),
    "redis_expired_keys_total": Metric(
        name="redis_expired_keys_total",
        type="counter",
        help="expired_keys of Redis.",
        labels={},
        buckets=None,
    ),
    "redis_keyspace_hits_total": Metric(
        name="redis_keyspace_hits_total",
        type="counter",
        help="keyspace_hits of Redis.",
        labels={},
        buckets=None,
    ),
    "redis_keyspace_misses_total": Metric(
        name="redis_keyspace_misses_total",
        type="counter",
        help="keyspace_misses of Redis.",
        labels={},
        buckets=None,
    ),
}
