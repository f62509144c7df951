// Generated from vocabulary/metrics.json by scripts/generate.ts. Do not edit.

export interface MetricSpec {
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  /** Label names with their closed set of values; null = names that the deployment's contracts close. */
  readonly labels: Readonly<Record<string, readonly string[] | null>>;
  /** Upper bounds of a histogram's buckets, in its unit. */
  readonly buckets?: readonly number[];
}

/** Every metric by name, the same in every language. `MetricLabel` gives the values of one label as a type. */
export const metrics = {
  cachepact_requests_total: {
    type: "counter",
    help: "Reads of an entity by where the answer came from.",
    labels: {
      entity: null,
      result: ["hit", "stale", "negative", "pending", "miss", "bypass", "error"],
    },
  },
  cachepact_redis_command_duration_seconds: {
    type: "histogram",
    help: "Time from sending a Redis command or script until its reply. command=get is the read of an entry; fill, store and accept are the writes.",
    labels: {
      command: ["get", "acquire", "fill", "begin", "finish", "store", "renew", "release", "accept", "pending"],
    },
    buckets: [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
  },
  cachepact_redis_command_errors_total: {
    type: "counter",
    help: "Redis commands and scripts without a usable reply.",
    labels: {
      command: ["get", "acquire", "fill", "begin", "finish", "store", "renew", "release", "accept", "pending"],
      reason: ["timeout", "unavailable", "oom", "error"],
    },
  },
  cachepact_load_duration_seconds: {
    type: "histogram",
    help: "Time of a load from the source of truth.",
    labels: {
      entity: null,
      outcome: ["found", "not_found", "error", "timeout"],
    },
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  },
  cachepact_fills_total: {
    type: "counter",
    help: "Answers to loads that wanted to store their value.",
    labels: {
      entity: null,
      result: ["stored", "lost", "stale", "newer", "error"],
    },
  },
  cachepact_writes_total: {
    type: "counter",
    help: "Writes and invalidations by outcome.",
    labels: {
      entity: null,
      operation: ["write", "invalidate", "put", "remove"],
      outcome: ["stored", "deleted", "kept", "accepted", "pending", "refused", "unknown", "error"],
    },
  },
  cachepact_decode_failures_total: {
    type: "counter",
    help: "Entries that could not be decoded and counted as a miss, by error code.",
    labels: {
      entity: null,
      code: null,
    },
  },
  cachepact_foreign_entries_total: {
    type: "counter",
    help: "Entries that were read and that a writer of another schema has written: another release, during a roll.",
    labels: {
      entity: null,
    },
  },
  cachepact_quarantined_keys: {
    type: "gauge",
    help: "Keys that this process bypasses because an invalidation is not delivered yet.",
    labels: {},
  },
  cachepact_writeback_events_total: {
    type: "counter",
    help: "Write-behind events by what became of them.",
    labels: {
      log: null,
      outcome: ["applied", "superseded"],
    },
  },
  cachepact_writeback_batch_duration_seconds: {
    type: "histogram",
    help: "Time of one batch, from reading the stream to its acknowledgement.",
    labels: {
      log: null,
    },
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  },
  cachepact_writeback_oldest_age_seconds: {
    type: "gauge",
    help: "Age of the oldest accepted write that is not in the database yet.",
    labels: {
      log: null,
    },
  },
  cachepact_writeback_partitions_owned: {
    type: "gauge",
    help: "Partitions that this worker owns.",
    labels: {
      log: null,
    },
  },
  cachepact_writeback_lost_state_total: {
    type: "counter",
    help: "Times that Redis came back without a partition's state (loss) or with an older one (older).",
    labels: {
      log: null,
      kind: ["loss", "older"],
    },
  },
  redis_up: {
    type: "gauge",
    help: "1 when Redis answered the last INFO.",
    labels: {},
  },
  redis_memory_used_bytes: {
    type: "gauge",
    help: "used_memory of Redis.",
    labels: {},
  },
  redis_memory_max_bytes: {
    type: "gauge",
    help: "maxmemory of Redis; 0 = no limit.",
    labels: {},
  },
  redis_evicted_keys_total: {
    type: "counter",
    help: "evicted_keys of Redis.",
    labels: {},
  },
  redis_expired_keys_total: {
    type: "counter",
    help: "expired_keys of Redis.",
    labels: {},
  },
  redis_keyspace_hits_total: {
    type: "counter",
    help: "keyspace_hits of Redis.",
    labels: {},
  },
  redis_keyspace_misses_total: {
    type: "counter",
    help: "keyspace_misses of Redis.",
    labels: {},
  },
} as const;

export type MetricName = keyof typeof metrics;

/** The closed values of one label: `MetricLabel<"cachepact_requests_total", "result">` is `"hit" | "stale" | …`. */
export type MetricLabel<
  Name extends MetricName,
  Label extends keyof (typeof metrics)[Name]["labels"],
> = (typeof metrics)[Name]["labels"][Label] extends readonly (infer Value)[] ? Value : string;
