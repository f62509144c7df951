from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from dev_redis import DevRedis
from generated_contract import GeneratedContract, generate
from hypothesis import HealthCheck, settings
from proxy import Proxy
from redis.asyncio import Redis
from under_test import CacheUnderTest, DriverName, Source

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

# A machine that is busy with other tests is slow, which is no failure; the same cases on every run.
settings.register_profile(
    "repository", deadline=None, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("repository")

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def contract(tmp_path_factory: pytest.TempPathFactory) -> GeneratedContract:
    """The golden contract and more, with its generated codecs."""
    return generate(tmp_path_factory.mktemp("contract"))


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[DevRedis]:
    """One server for all tests that leave it running."""
    server = DevRedis()
    yield server
    server.close()


@pytest.fixture
def start_redis() -> Iterator[Callable[..., DevRedis]]:
    """Servers of the test's own: to kill, to freeze, to fill."""
    servers: list[DevRedis] = []

    def start(**config: str) -> DevRedis:
        servers.append(DevRedis(**config))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
async def connect_through() -> AsyncIterator[Callable[[str], Awaitable[Proxy]]]:
    """A network of the test's own, to break."""
    proxies: list[Proxy] = []

    async def start(url: str) -> Proxy:
        proxies.append(Proxy(url))
        await proxies[-1].start()
        return proxies[-1]

    yield start
    for proxy in proxies:
        await proxy.close()


@pytest.fixture(params=["async", "sync"])
def driver(request: pytest.FixtureRequest) -> DriverName:
    kind: DriverName = request.param
    return kind


@pytest.fixture
def namespace() -> str:
    """A prefix of the test's own, so that tests share a server."""
    return f"t{next(_numbers)}"


@pytest.fixture
async def make_cache(driver: DriverName) -> AsyncIterator[Callable[..., CacheUnderTest]]:
    caches: list[CacheUnderTest] = []

    def make(url: str, **options: Any) -> CacheUnderTest:
        caches.append(CacheUnderTest(driver, url, **options))
        return caches[-1]

    yield make
    for cache in caches:
        await cache.close()


@pytest.fixture
async def cache(make_cache: Callable[..., CacheUnderTest], shared_redis: DevRedis, namespace: str) -> CacheUnderTest:
    # A machine that is busy with other tests answers late; what is tested here is not the deadline.
    made = make_cache(shared_redis.url, namespace=namespace, read_timeout_ms=1000, script_timeout_ms=600)
    await made.ready()
    return made


@pytest.fixture
async def raw(shared_redis: DevRedis) -> AsyncIterator[Redis]:
    """A plain client that looks at what is really there."""
    async with connect(shared_redis.url) as client:
        yield client


def connect(url: str) -> Redis:
    return Redis.from_url(url, protocol=2)


@pytest.fixture
def source() -> Source:
    return Source()
