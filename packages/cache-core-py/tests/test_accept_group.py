from __future__ import annotations

import pytest
from cachepact import CachepactError
from cachepact._log_key import log_keys
from cachepact._store.accept_group import OP_DEADLINE_MS, AcceptGroup
from cachepact._store.transport_error import TransportError
from cachepact_contracts import Preferences

TIMED_OUT = TransportError("timeout", "unknown", "TIMEOUT", "no reply in time")
OUT_OF_MEMORY = TransportError("oom", "none", "OOM", "command not allowed")
REFUSED = TransportError("error", "none", "LOADING", "loading")


def group() -> AcceptGroup:
    return AcceptGroup("preferences", "o" * 22, log_keys(Preferences.__cachepact__.record, "", 3))


def code_of(found: AcceptGroup) -> str:
    assert found.settled.done
    with pytest.raises(CachepactError) as caught:
        found.settled.result()
    return caught.value.code


@pytest.mark.parametrize("code", ["OK", "DUP"])
def test_accepted_group_has_its_base(code: str) -> None:
    found = group()
    found.take(code, 1700)
    assert found.settled.result() == 1700


def test_refusal_is_final_only_while_no_attempt_is_in_doubt() -> None:
    found = group()
    found.take("FULL", 250)
    assert code_of(found) == "E_FULL"
    doubtful = group()
    doubtful.fail(TIMED_OUT, 1000)
    doubtful.take("FULL", 250)
    doubtful.fail(OUT_OF_MEMORY, 1000)
    assert not doubtful.settled.done, "the first copy may be in: only sending again can tell"
    doubtful.take("DUP", 1700)
    assert doubtful.settled.result() == 1700


def test_missed_deadline_gives_a_new_one_or_an_unknown_outcome() -> None:
    found = group()
    found.deadline_ms = 5
    found.take("CLOCK", 99)
    assert not found.settled.done
    assert found.deadline_ms is None
    found.deadline_ms = 5
    found.fail(TIMED_OUT, 1000)
    found.take("CLOCK", 99)
    assert code_of(found) == "E_UNKNOWN"


def test_nothing_sent_is_unavailable_after_the_wait_and_doubt_lasts_until_the_deadline() -> None:
    found = group()
    found.fail(REFUSED, 1000)
    found.expire(2999, 0, 3000)
    assert not found.settled.done
    found.expire(3000, 0, 3000)
    assert code_of(found) == "E_UNAVAILABLE"
    doubtful = group()
    doubtful.fail(TIMED_OUT, 1000)
    doubtful.expire(OP_DEADLINE_MS - 1, 9999, 3000)
    assert not doubtful.settled.done
    doubtful.expire(OP_DEADLINE_MS, 9999, 3000)
    assert code_of(doubtful) == "E_UNKNOWN"


def test_redis_that_is_known_to_be_away_is_not_waited_for_again() -> None:
    found = group()
    found.expire(0, 3000, 3000)
    assert code_of(found) == "E_UNAVAILABLE"


def test_refused_arguments_are_a_bug_and_not_sent_again() -> None:
    found = group()
    found.fail(TransportError("error", "none", "BADARG", "accept: op"), 1000)
    assert code_of(found) == "E_SCRIPT"


def test_half_of_the_op_records_follows_the_deadline() -> None:
    found = group()
    found.deadline_ms = 29_999
    assert found.ops_key.endswith("@ops:a")
    found.deadline_ms = 30_000
    assert found.ops_key.endswith("@ops:b")
    assert found.handle == f"3.30000.{'o' * 22}"
