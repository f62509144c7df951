from __future__ import annotations

import json
import os
import signal
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cachepact import Cache, CommandEvent
from cachepact._store.info_client import InfoClient
from cachepact.prometheus import collect_metrics
from cachepact_contracts import User
from fixtures import REPOSITORY
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from under_test import eventually, in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dev_redis import DevRedis
    from under_test import CacheUnderTest, Source

VOCABULARY = {
    metric["name"]: metric
    for metric in json.loads((REPOSITORY / "packages" / "wire" / "vocabulary" / "metrics.json").read_text())["metrics"]
}
KEY = User.key(id=1)


async def scrape(registry: CollectorRegistry) -> dict[str, Metric]:
    """As an HTTP server of its own thread does."""
    families: dict[str, Metric] = await in_thread(parsed, registry)
    return families


def parsed(registry: CollectorRegistry) -> dict[str, Metric]:
    text = generate_latest(registry).decode()
    assert "_created" not in text, "TypeScript has no such series"
    families = {family.name: family for family in text_string_to_metric_families(text)}
    return {f"{name}_total" if family.type == "counter" else name: family for name, family in families.items()}


def value_of(families: dict[str, Metric], name: str, **labels: str) -> float | None:
    family = families[name.removesuffix("_count").removesuffix("_sum") if name not in families else name]
    return next((each.value for each in family.samples if each.name == name and each.labels == labels), None)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def collected(cache: CacheUnderTest, registry: CollectorRegistry) -> Iterator[CacheUnderTest]:
    metrics = collect_metrics(cache.cache, registry)
    yield cache
    metrics.stop()
    metrics.stop()
    assert generate_latest(registry) == b""


@pytest.mark.redis
async def test_names_help_labels_and_buckets_are_those_of_the_vocabulary(
    collected: CacheUnderTest, registry: CollectorRegistry, source: Source
) -> None:
    users = collected.entity(User, source)
    source.rows[KEY] = User(id=1, created_at=datetime(2024, 1, 1, tzinfo=UTC), version=1)
    await users.get(KEY)
    await users.get(KEY)
    await users.invalidate(KEY)
    families = await scrape(registry)
    assert set(families) == {name for name in VOCABULARY if "writeback" not in name}
    for name, family in families.items():
        expected = VOCABULARY[name]
        assert (family.documentation, family.type) == (expected["help"], expected["type"])
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(expected["labels"])
            for label, allowed in expected["labels"].items():
                assert allowed is None or sample.labels[label] in allowed
        if expected["type"] == "histogram":
            bounds = {sample.labels["le"] for sample in family.samples if sample.name.endswith("_bucket")}
            assert {float(bound) for bound in bounds} == {*expected["buckets"], float("inf")}


@pytest.mark.redis
async def test_figures_are_those_of_the_events(
    collected: CacheUnderTest, registry: CollectorRegistry, source: Source
) -> None:
    users = collected.entity(User, source)
    source.rows[KEY] = User(id=1, created_at=datetime(2024, 1, 1, tzinfo=UTC), version=1)
    for _ in range(3):
        await users.get(KEY)
    await users.invalidate(KEY)
    families = await scrape(registry)
    assert value_of(families, "cachepact_requests_total", entity="user", result="hit") == 2
    assert value_of(families, "cachepact_requests_total", entity="user", result="miss") == 1
    assert value_of(families, "cachepact_fills_total", entity="user", result="stored") == 1
    assert value_of(families, "cachepact_load_duration_seconds_count", entity="user", outcome="found") == 1
    assert value_of(families, "cachepact_redis_command_duration_seconds_count", command="get") == 3
    assert value_of(families, "cachepact_writes_total", entity="user", operation="invalidate", outcome="deleted") == 1
    gets = [
        event.duration_ms / 1000 for event in collected.events if event.type == "command" and event.command == "get"
    ]
    assert value_of(families, "cachepact_redis_command_duration_seconds_sum", command="get") == pytest.approx(sum(gets))
    (load_ms,) = collected.outcomes("load", "duration_ms")
    name = "cachepact_load_duration_seconds_sum"
    assert value_of(families, name, entity="user", outcome="found") == pytest.approx(load_ms / 1000)
    assert value_of(families, "cachepact_quarantined_keys") == 0
    assert value_of(families, "redis_up") == 1
    assert (value_of(families, "redis_memory_used_bytes") or 0) > 100_000
    info = await collected.info()
    assert value_of(families, "redis_memory_max_bytes") == info.max_memory_bytes
    assert (value_of(families, "redis_keyspace_hits_total") or 0) <= info.keyspace_hits


@pytest.mark.redis
async def test_dead_server_is_down_and_has_no_figures(
    make_cache: Callable[..., CacheUnderTest], start_redis: Callable[..., DevRedis], registry: CollectorRegistry
) -> None:
    server = start_redis()
    made = make_cache(server.url)
    metrics = collect_metrics(made.cache, registry)
    assert value_of(await scrape(registry), "redis_up") == 1
    server.freeze()
    frozen = await scrape(registry)
    server.thaw()
    server.kill()
    dead = await scrape(registry)
    for families in (frozen, dead):
        assert value_of(families, "redis_up") == 0
        assert "redis_memory_used_bytes" not in families
    metrics.stop()


@pytest.fixture
def _unblocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event loop that nothing may hold up."""

    def block(_: InfoClient) -> None:
        pytest.fail("the event loop was held up")

    monkeypatch.setattr(InfoClient, "read", block)


@pytest.mark.redis
@pytest.mark.usefixtures("_unblocked")
async def test_scrape_in_an_event_loop_shows_what_was_refreshed_for_it(
    make_cache: Callable[..., CacheUnderTest], start_redis: Callable[..., DevRedis], registry: CollectorRegistry
) -> None:
    server = start_redis()
    metrics = collect_metrics(make_cache(server.url).cache, registry)
    await metrics.refresh()
    families = parsed(registry)
    assert value_of(families, "redis_up") == 1
    assert (value_of(families, "redis_memory_used_bytes") or 0) > 100_000
    server.freeze()
    await metrics.refresh()
    families = parsed(registry)
    assert value_of(families, "redis_up") == 0
    assert "redis_memory_used_bytes" not in families
    server.thaw()
    metrics.stop()


@pytest.mark.redis
@pytest.mark.usefixtures("_unblocked")
async def test_scrape_in_an_event_loop_asks_for_the_figures_of_the_next_one(
    collected: CacheUnderTest, registry: CollectorRegistry
) -> None:
    del collected
    families = parsed(registry)
    assert "redis_up" not in families, "unknown is not down"
    assert "cachepact_requests_total" in families

    async def known() -> bool:
        families = parsed(registry)
        return "redis_up" in families and value_of(families, "redis_up") == 1

    await eventually(known)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_child_process_does_not_wait_for_a_thread_of_its_parent(registry: CollectorRegistry) -> None:
    with Cache(redis="redis://127.0.0.1:1") as cache:
        metrics = collect_metrics(cache, registry)
        with metrics._collector._lock:
            child = os.fork()
            if child == 0:
                cache._core.events.tell([CommandEvent("get", 1.0)])
                os._exit(0)
        ended, status = 0, -1
        until = time.monotonic() + 10
        while not ended and time.monotonic() < until:
            ended, status = os.waitpid(child, os.WNOHANG)
            time.sleep(0.01)
        if not ended:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        assert (ended, status) == (child, 0)


def test_registering_asks_no_server(registry: CollectorRegistry) -> None:
    with Cache(redis="redis://127.0.0.1:1") as cache:
        collect_metrics(cache, registry)


def test_observation_falls_into_the_first_bucket_that_is_not_below_it(registry: CollectorRegistry) -> None:
    with Cache(redis="redis://127.0.0.1:1") as cache:
        collect_metrics(cache, registry)
        for duration_ms in (0.25, 0.26, 1000, 1001):
            cache._core.events.tell([CommandEvent("get", duration_ms)])
    family = parsed(registry)["cachepact_redis_command_duration_seconds"]
    counts = {sample.labels["le"]: sample.value for sample in family.samples if sample.name.endswith("_bucket")}
    assert (counts["0.00025"], counts["0.0005"], counts["1"], counts["+Inf"]) == (1, 2, 3, 4)
