"""The metrics of the process and of the cache, under the names that every language shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachepact.prometheus import collect_metrics
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

if TYPE_CHECKING:
    from cachepact import AsyncCache


class Metrics:
    """What ``/metrics`` answers."""

    def __init__(self, cache: AsyncCache) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._cache = collect_metrics(cache, self._registry)

    async def answer(self) -> Response:
        """Answer in the text format of Prometheus."""
        # Awaited: what follows asks nobody for anything, and must not hold up the other requests.
        await self._cache.refresh()
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)
