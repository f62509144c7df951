"""Every option: its unit, its default and the reason for it. Times are whole milliseconds from 1 to 600,000."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cachepact._clock import SYSTEM_CLOCK, Clock
from cachepact._errors import CachepactError
from cachepact._namespace import check_namespace
from cachepact._random import SYSTEM_RANDOM, Random
from cachepact._store.redis_address import RedisAddress, parse_redis_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from cachepact._record import EntityRecord

DEFAULT_READ_TIMEOUT_MS = 100
"""How long a read may wait for Redis before the loader answers: several times a slow network's round trip."""
DEFAULT_SCRIPT_TIMEOUT_MS = 200
"""How long a script may take. Twice a read's: a write that is given up too early costs more than a late one."""
DEFAULT_CONNECT_TIMEOUT_MS = 1_000
"""How long a connection attempt may take."""
DEFAULT_CONNECTIONS_MAX = 64
"""Connections to Redis. Beyond it commands wait within their deadline; a refusal would send them to the database."""
DEFAULT_LEASE_MS = 2_000
"""How long a loader's lease stands, renewed at each third: others wait this long when its holder dies."""
DEFAULT_MARKER_MS = 10_000
"""How long a writer's fence stands, renewed at each third: a key is uncached this long when its writer dies."""
DEFAULT_FLOOR_MS = 60_000
"""How long a floor stands: longer than replicas lag plus the longest load."""
DEFAULT_DELIVER_TIMEOUT_MS = 1_000
"""How long a write waits for its invalidation to be acknowledged before it goes on in the background."""
DEFAULT_ACCEPT_WAIT_MS = 3_000
"""How long ``put`` waits while nothing of it can have run: a worker re-arms a restarted Redis within 1.4 s."""
DEFAULT_QUARANTINE_MAX_KEYS = 10_000
"""Keys that may be quarantined at once; beyond them their whole entity is bypassed. About 5 MB."""
DEFAULT_LOAD_TIMEOUT_MS = 10_000
"""The hard deadline of a loader; then its signal is aborted and its result dropped."""

_TIME_MAX_MS = 600_000


@dataclass(frozen=True, slots=True)
class CacheOptions:
    """Options of a cache, checked, with every default filled in."""

    address: RedisAddress
    namespace: str
    read_timeout_ms: int
    script_timeout_ms: int
    connect_timeout_ms: int
    connections_max: int
    lease_ms: int
    marker_ms: int
    floor_ms: int
    deliver_timeout_ms: int
    accept_wait_ms: int
    quarantine_max_keys: int
    clock: Clock
    random: Random


@dataclass(frozen=True, slots=True)
class EntityOptions:
    """Options of one entity, checked, with every default filled in."""

    load: Callable[..., Any]
    enabled: Callable[[], bool]
    load_timeout_ms: int


def resolve_cache_options(
    *,
    redis: str,
    namespace: str,
    clock: Clock | None,
    random: Random | None,
    **numbers: int,
) -> CacheOptions:
    """Check the options of a cache. E_OPTION that lists every problem."""
    problems = _Problems("the cache")
    address = parse_redis_address(redis)
    if isinstance(address, str):
        problems.add(address)
        address = RedisAddress(host="", port=0, db=0, username=None, password=None, tls=False)
    if not isinstance(namespace, str):
        problems.add("namespace must be a string")
    else:
        try:
            check_namespace(namespace)
        except CachepactError as error:
            problems.add(str(error))
    for name, number in numbers.items():
        most = 1_000_000 if name == "quarantine_max_keys" else 10_000 if name == "connections_max" else _TIME_MAX_MS
        problems.integer(name, number, 1, most)
    if not problems.found:
        for name in ("lease_ms", "marker_ms"):
            if numbers[name] <= 3 * numbers["script_timeout_ms"]:
                problems.add(
                    f"{name} is {numbers[name]}, but it must be more than three times script_timeout_ms "
                    f"({numbers['script_timeout_ms']})"
                )
    problems.report()
    return CacheOptions(
        address=address,
        namespace=namespace,
        clock=SYSTEM_CLOCK if clock is None else clock,
        random=SYSTEM_RANDOM if random is None else random,
        **numbers,
    )


def resolve_entity_options(
    record: EntityRecord,
    cache: CacheOptions,
    *,
    load: Callable[..., Any],
    enabled: Callable[[], bool] | None,
    load_timeout_ms: int,
) -> EntityOptions:
    """Check the options of an entity. E_OPTION that lists every problem."""
    problems = _Problems(f"entity {record.entity}")
    problems.integer("load_timeout_ms", load_timeout_ms, 1, _TIME_MAX_MS)
    if not callable(load):
        problems.add("load must be a function that reads the source of truth")
    if enabled is not None and not callable(enabled):
        problems.add("enabled must be a function that returns a bool")
    if cache.namespace == record.entity:
        problems.add(f"the namespace is {cache.namespace!r}, which is the entity's own name; rename it")
    if not problems.found and record.replica_reads and cache.floor_ms <= load_timeout_ms:
        problems.add(
            f"floor_ms is {cache.floor_ms}, but with replica_reads it must be more than load_timeout_ms "
            f"({load_timeout_ms})"
        )
    problems.report()
    return EntityOptions(load=load, enabled=_always_on if enabled is None else enabled, load_timeout_ms=load_timeout_ms)


def _always_on() -> bool:
    return True


class _Problems:
    def __init__(self, what: str) -> None:
        self._what = what
        self.found: list[str] = []

    def add(self, problem: str) -> None:
        self.found.append(problem)

    def integer(self, name: str, number: object, least: int, most: int) -> None:
        if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
            self.add(f"{name} must be a whole number from {least} to {most}")

    def report(self) -> None:
        if self.found:
            listed = "; ".join(f"{index}) {problem}" for index, problem in enumerate(self.found, 1))
            raise CachepactError(
                "E_OPTION", f"{self._what} was given wrong options: {listed}", problems=tuple(self.found)
            )
