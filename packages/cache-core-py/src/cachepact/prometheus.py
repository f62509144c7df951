"""The metrics of a cache for ``prometheus_client`` (extra ``cachepact[prometheus]``)."""

from __future__ import annotations

import threading
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

    from cachepact._base_cache import BaseCache
    from cachepact._results import RedisInfo

__all__ = ["collect_metrics"]

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


def collect_metrics(cache: BaseCache, registry: CollectorRegistry) -> Callable[[], None]:
    """Register the metrics of a cache and keep them up to date; the returned function stops that and removes them.

    Names, labels, help and buckets are those of the wire's vocabulary. Besides the cache's own events, each scrape
    reads INFO once for the ``redis_*`` figures, over a connection of its own, for at most 200 ms; while Redis does not
    answer, ``redis_up`` is 0 and the others are absent. One cache per registry.
    """
    collector = _CacheCollector(InfoClient(cache._core.options))  # noqa: SLF001 - of this package
    registry.register(collector)
    unsubscribe = cache.on(lambda event: record(event, collector))

    def stop() -> None:
        unsubscribe()
        registry.unregister(collector)

    return stop


class _Histogram:
    __slots__ = ("counts", "sum")

    def __init__(self, buckets: int) -> None:
        self.counts = [0] * (buckets + 1)
        self.sum = 0.0


class _CacheCollector(Collector):
    """Keeps the figures itself: the library's metrics would add ``_created`` series, which TypeScript does not have."""

    def __init__(self, info: InfoClient) -> None:
        self._info = info
        self._lock = threading.Lock()
        self._numbers: dict[MetricName, dict[tuple[str, ...], float]] = {}
        self._histograms: dict[MetricName, dict[tuple[str, ...], _Histogram]] = {}
        self._numbers["cachepact_quarantined_keys"] = {(): 0.0}

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
        try:
            info = self._info.read()
        except CachepactError:
            info = None
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


def _cumulative(metric: Metric, histogram: _Histogram) -> list[tuple[str, float]]:
    bounds = [_bound(bucket) for bucket in metric.buckets or ()]
    total, buckets = 0, []
    for bound, count in zip((*bounds, "+Inf"), histogram.counts, strict=True):
        total += count
        buckets.append((bound, float(total)))
    return buckets


def _bound(bucket: float) -> str:
    # `1.0`, as the library itself writes it.
    return str(float(bucket))


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
