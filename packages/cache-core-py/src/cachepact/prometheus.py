"""The metrics of a cache for ``prometheus_client`` (extra ``cachepact[prometheus]``)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
import weakref
from bisect import bisect_left
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from cachepact._errors import CachepactError
from cachepact._gen.metrics import METRICS, Metric, MetricName
from cachepact._metrics import EVENT_METRICS, record
from cachepact._store.info_client import InfoClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client import CollectorRegistry

    from cachepact import AsyncCache, Cache
    from cachepact._results import RedisInfo

__all__ = ["CacheMetrics", "collect_metrics"]

_Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily

_SERVER_FIGURES: dict[MetricName, Callable[[RedisInfo], int]] = {
    "redis_memory_used_bytes": lambda info: info.used_memory_bytes,
    "redis_memory_max_bytes": lambda info: info.max_memory_bytes,
    "redis_evicted_keys_total": lambda info: info.evicted_keys,
    "redis_expired_keys_total": lambda info: info.expired_keys,
    "redis_keyspace_hits_total": lambda info: info.keyspace_hits,
    "redis_keyspace_misses_total": lambda info: info.keyspace_misses,
}
"""Figures of the server, read by INFO when the registry is scraped."""
_REFRESHED_S = 2.0
"""For how long ``refresh`` serves the scrape that follows it."""


def collect_metrics(cache: AsyncCache | Cache, registry: CollectorRegistry) -> CacheMetrics:
    """Register the metrics of a cache and keep them up to date until ``stop``.

    Names, labels, help and buckets are those of the wire's vocabulary. Besides the cache's own events, each scrape
    reads INFO once for the ``redis_*`` figures, over a connection of its own, for at most 400 ms; while Redis does not
    answer, ``redis_up`` is 0 and the others are absent. One cache per registry.

    A scrape in a thread (``start_http_server``, a plain ``def`` route) needs nothing more. One in an event loop never
    blocks it: await ``refresh`` first; without that it shows the figures that the scrape before it has asked for.
    """
    return CacheMetrics(cache, registry)


class CacheMetrics:
    """The registered metrics of a cache."""

    def __init__(self, cache: AsyncCache | Cache, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._collector = _CacheCollector(InfoClient(cache._core.options))  # noqa: SLF001 - of this package
        registry.register(self._collector)
        self._unsubscribe = cache.on(lambda event: record(event, self._collector))

    async def refresh(self) -> None:
        """Read the ``redis_*`` figures for the scrape that follows, without holding up the event loop."""
        await self._collector.server.refresh()

    def stop(self) -> None:
        """End the collection and remove the metrics from the registry. A second call does nothing."""
        self._unsubscribe()
        with contextlib.suppress(KeyError):
            self._registry.unregister(self._collector)

    __call__ = stop


class _Server:
    """The figures of the server, from where a scrape may wait for them and from where it may not."""

    def __init__(self, client: InfoClient) -> None:
        self._client = client
        self._figures: RedisInfo | None = None
        self._read_at: float | None = None
        """When they were asked for last, with whatever outcome; None = never."""
        self._reading: asyncio.Task[None] | None = None

    def figures(self) -> tuple[bool, RedisInfo | None]:
        """Give whether the server was asked, and what it has answered."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._take(self._read())
            return True, self._figures
        old = self._read_at is None or time.monotonic() - self._read_at > _REFRESHED_S
        reading = self._reading
        if old and (reading is None or reading.done() or reading.get_loop() is not loop):
            # Nobody has refreshed them for this scrape: the next one shall have newer ones.
            self._reading = loop.create_task(self.refresh())
        return self._read_at is not None, self._figures

    async def refresh(self) -> None:
        try:
            figures = await self._client.read_async()
        except CachepactError:
            figures = None
        self._take(figures)

    def _read(self) -> RedisInfo | None:
        try:
            return self._client.read()
        except CachepactError:
            return None

    def _take(self, figures: RedisInfo | None) -> None:
        self._figures = figures
        self._read_at = time.monotonic()


class _Histogram:
    __slots__ = ("counts", "sum")

    def __init__(self, buckets: int) -> None:
        self.counts = [0] * (buckets + 1)
        self.sum = 0.0


class _CacheCollector(Collector):
    """Keeps the figures itself: the library's metrics would add ``_created`` series, which TypeScript does not have."""

    def __init__(self, info: InfoClient) -> None:
        self.server = _Server(info)
        self.set_up()
        _collectors.add(self)
        self._numbers: dict[MetricName, dict[tuple[str, ...], float]] = {}
        self._histograms: dict[MetricName, dict[tuple[str, ...], _Histogram]] = {}
        self._numbers["cachepact_quarantined_keys"] = {(): 0.0}

    def set_up(self) -> None:
        """Make the lock, in a child process too: another thread of its parent may have held it."""
        self._lock = threading.Lock()

    def increment(self, name: MetricName, *labels: str) -> None:
        with self._lock:
            series = self._numbers.setdefault(name, {})
            series[labels] = series.get(labels, 0.0) + 1

    def set(self, name: MetricName, value: float) -> None:
        with self._lock:
            self._numbers[name] = {(): value}

    def observe(self, name: MetricName, value: float, *labels: str) -> None:
        buckets = METRICS[name].buckets or ()
        with self._lock:
            series = self._histograms.setdefault(name, {})
            if labels not in series:
                series[labels] = _Histogram(len(buckets))
            # A bucket holds what is less than or equal to its bound.
            series[labels].counts[bisect_left(buckets, value)] += 1
            series[labels].sum += value

    def describe(self) -> Iterator[_Family]:
        """Name the metrics, so that registering does not ask the server for its figures."""
        for name in (*EVENT_METRICS, "redis_up", *_SERVER_FIGURES):
            yield _family(METRICS[name])

    def collect(self) -> Iterator[_Family]:
        for name in EVENT_METRICS:
            yield self._event_family(METRICS[name])
        asked, info = self.server.figures()
        if asked:
            yield _server_family("redis_up", 0 if info is None else 1)
        if info is not None:
            for name, figure in _SERVER_FIGURES.items():
                yield _server_family(name, figure(info))

    def _event_family(self, metric: Metric) -> _Family:
        family = _family(metric)
        with self._lock:
            if isinstance(family, HistogramMetricFamily):
                for labels, histogram in self._histograms.get(metric.name, {}).items():
                    family.add_metric(labels, _cumulative(metric, histogram), histogram.sum)
            else:
                for labels, number in self._numbers.get(metric.name, {}).items():
                    family.add_metric(labels, number)
        return family


_collectors: weakref.WeakSet[_CacheCollector] = weakref.WeakSet()


def _after_fork() -> None:
    for collector in tuple(_collectors):
        collector.set_up()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _cumulative(metric: Metric, histogram: _Histogram) -> list[tuple[str, float]]:
    bounds = [_bound(bucket) for bucket in metric.buckets or ()]
    total, buckets = 0, []
    for bound, count in zip((*bounds, "+Inf"), histogram.counts, strict=True):
        total += count
        buckets.append((bound, float(total)))
    return buckets


def _bound(bucket: float) -> str:
    # `1`, not `1.0` as the library itself writes it: the same label value as from TypeScript.
    return f"{bucket:g}"


def _server_family(name: MetricName, value: float) -> _Family:
    family = _family(METRICS[name])
    if not isinstance(family, HistogramMetricFamily):
        family.add_metric([], value)
    return family


def _family(metric: Metric) -> _Family:
    labels = list(metric.labels)
    if metric.type == "counter":
        return CounterMetricFamily(metric.name, metric.help, labels=labels)
    if metric.type == "gauge":
        return GaugeMetricFamily(metric.name, metric.help, labels=labels)
    return HistogramMetricFamily(metric.name, metric.help, labels=labels)
