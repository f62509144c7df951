from __future__ import annotations

from typing import Any

import pytest
from cachepact import Cache, CacheEvent, CachepactError, WriteEvent
from cachepact._core import EntityContext
from cachepact._options import EntityOptions
from cachepact._patterns.cache_aside import invalidate
from cachepact._store.effects import RunScript, Shield, Together
from cachepact._store.transport_error import TransportError
from cachepact_contracts import Profile, User
from flows import Runner
from variants import variant

KEY = User.key(id=1)


def context_of(entity: Any) -> EntityContext:
    return EntityContext(Cache(redis="redis://h")._core, entity, EntityOptions(print, lambda: True, 1000))


Answer = list[bytes] | TransportError


def outcome_of(entity: Any, answers: list[Answer]) -> tuple[str, Exception | None]:
    """Play Redis to an invalidation: one answer for each generation. Gives how it is counted and what is raised."""
    context = context_of(entity)
    heard: list[CacheEvent] = []
    context.core.events.on(heard.append)
    caller = Runner(invalidate(context, KEY, 0))
    assert isinstance(caller.effect, Shield), "a caller that gives up does not take it back"
    delivery = Runner(caller.effect.flow)
    assert isinstance(delivery.effect, Together)
    codes: list[Any] = []
    for flow, answer in zip(delivery.effect.flows, answers, strict=True):
        one = Runner(flow)
        assert isinstance(one.effect, RunScript)
        if isinstance(answer, TransportError):
            one.throw(answer)
        else:
            one.go(answer)
        codes.append(one.error or one.result)
    delivery.go(codes)
    heard.extend(context.core.events.take())
    (counted,) = [event.outcome for event in heard if isinstance(event, WriteEvent)]
    return counted, delivery.error


def test_acknowledged_invalidation_is_counted_by_what_became_of_the_entry() -> None:
    assert outcome_of(User.__cachepact__, [[b"DELETED", b"1"]]) == ("deleted", None)
    assert outcome_of(User.__cachepact__, [[b"DIRTY", b"1"]]) == ("kept", None)


def test_bug_that_redis_refuses_is_no_success() -> None:
    refused = TransportError("error", "none", "BADARG", "finish: version")
    deleted: Answer = [b"DELETED", b"1"]
    entity = variant(User, next_generation=2)
    for answers in ([deleted, refused], [refused, deleted]):
        counted, error = outcome_of(entity, answers)
        assert counted == "error"
        assert isinstance(error, CachepactError)
        assert error.code == "E_SCRIPT"


@pytest.mark.parametrize(
    ("entity", "version", "code"),
    [
        (User.__cachepact__, -1, "E_RANGE"),
        (User.__cachepact__, 2**53, "E_RANGE"),
        (User.__cachepact__, True, "E_RANGE"),
        (Profile.__cachepact__, 1, "E_OPTION"),
        (variant(User, replica_reads=True), 0, "E_VERSION"),
    ],
    ids=["negative", "too-large", "bool", "unversioned", "replica"],
)
def test_wrong_version_is_refused_before_anything_is_sent(entity: Any, version: int, code: str) -> None:
    caller = Runner(invalidate(context_of(entity), KEY, version))
    assert isinstance(caller.error, CachepactError)
    assert caller.error.code == code
