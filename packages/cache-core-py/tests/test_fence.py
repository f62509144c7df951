from __future__ import annotations

from typing import Any

import pytest
from cachepact import Cache, CachepactError
from cachepact._coalescing.fence import Fence
from cachepact._core import Core, EntityContext
from cachepact._options import EntityOptions, resolve_cache_options
from cachepact._store.effects import RunScript, Spawn
from cachepact._store.transport_error import TransportError
from cachepact.testing import FakeClock, SeededRandom
from cachepact_contracts import User
from flows import Runner

TIMED_OUT = TransportError("timeout", "unknown", "TIMEOUT", "no reply in time")


@pytest.fixture
def fence() -> Fence:
    options = resolve_cache_options(
        redis="redis://h", namespace="", clock=FakeClock(), random=SeededRandom(1), **_numbers()
    )
    entity = User.__cachepact__
    context = EntityContext(Core(options), entity, EntityOptions(print, lambda: True, 1000))
    return Fence(context, context.keys(User.key(id=1)))


def _numbers() -> dict[str, int]:
    with Cache(redis="redis://h") as cache:
        options = cache._core.options
    fields = options.__dataclass_fields__
    return {name: value for name in fields if isinstance(value := getattr(options, name), int)}


def begin(fence: Fence) -> Runner:
    return Runner(fence.begin(lambda: None))


def sent(runner: Runner) -> tuple[Any, ...]:
    assert isinstance(runner.effect, RunScript)
    assert runner.effect.name == "begin"
    return runner.effect.argv


def test_lone_writer_may_store(fence: Fence) -> None:
    runner = begin(fence)
    runner.go([b"ALONE", b"1700000000000"])
    assert isinstance(runner.effect, Spawn)
    runner.go(None)
    assert (runner.result, fence.may_store, fence.alive) == (True, True, True)


def test_writer_beside_another_may_not_store(fence: Fence) -> None:
    runner = begin(fence)
    runner.go([b"SHARED", b"1700000000000"])
    runner.go(None)
    assert (runner.result, fence.may_store) == (True, False)


def test_second_attempt_has_a_token_of_its_own_and_names_the_first(fence: Fence) -> None:
    runner = begin(fence)
    first = sent(runner)
    runner.throw(TIMED_OUT)
    second = sent(runner)
    assert second[0] != first[0]
    assert (first[2], second[2]) == ("", first[0])
    runner.throw(TIMED_OUT)
    assert (runner.result, fence.alive, fence.may_store) == (False, False, False)
    end = fence.finish(4)
    assert (end.token, end.prev) == (second[0], first[0]), "both may have arrived, and both are ended"


def test_only_a_versioned_end_may_keep_what_is_there(fence: Fence) -> None:
    assert fence.finish(4).keep
    assert not fence.finish(0).keep


def test_write_behind_value_is_not_written_through(fence: Fence) -> None:
    runner = begin(fence)
    runner.go([b"DIRTY", b"1700000000000"])
    assert isinstance(runner.error, CachepactError)
    assert runner.error.code == "E_PATTERN"


def test_refused_arguments_are_not_sent_again(fence: Fence) -> None:
    runner = begin(fence)
    runner.throw(TransportError("error", "none", "BADARG", "begin: token"))
    assert isinstance(runner.error, CachepactError)
    assert runner.error.code == "E_SCRIPT"
