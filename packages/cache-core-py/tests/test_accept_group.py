from __future__ import annotations

import pytest
from cachepact import Accepted, CachepactError
from cachepact._log_key import log_keys
from cachepact._store.accept_group import OP_DEADLINE_MS, AcceptGroup, AcceptItem, WaitingItem
from cachepact._store.accept_line import AcceptLine
from cachepact._store.transport_error import TransportError
from cachepact._write_record import encode_write_item
from cachepact_contracts import Preferences

TIMED_OUT = TransportError("timeout", "unknown", "TIMEOUT", "no reply in time")
OUT_OF_MEMORY = TransportError("oom", "none", "OOM", "command not allowed")
REFUSED = TransportError("error", "none", "LOADING", "loading")


ENTITY = Preferences.__cachepact__
LOG = log_keys(ENTITY.record, "", 3)


def waiting(since: float = 0) -> WaitingItem:
    return WaitingItem(AcceptItem(encode_write_item(ENTITY, "1", Preferences(user_id=1)), ("key",)), since)


def group(items: int = 1) -> AcceptGroup:
    return AcceptGroup("preferences", "o" * 22, LOG, [waiting() for _ in range(items)], 0)


def answer_of(item: WaitingItem) -> Accepted | str:
    """What the caller gets: an accepted write, or the code of an error."""
    assert item.settled.done
    try:
        return item.settled.result()
    except CachepactError as error:
        return error.code


def code_of(found: AcceptGroup) -> str:
    assert found.done
    answer = answer_of(found.items[0])
    assert isinstance(answer, str)
    return answer


@pytest.mark.parametrize("code", ["OK", "DUP"])
def test_accepted_group_has_its_base(code: str) -> None:
    found = group(3)
    found.start(1_000, 0)
    found.take(code, 1700)
    assert [answer_of(each) for each in found.items] == [Accepted(1700 + n, found.handle) for n in range(3)]


def test_refusal_is_final_only_while_no_attempt_is_in_doubt() -> None:
    found = group()
    found.take("FULL", 250)
    assert code_of(found) == "E_FULL"
    doubtful = group()
    doubtful.fail(TIMED_OUT, 1000)
    doubtful.take("FULL", 250)
    doubtful.fail(OUT_OF_MEMORY, 1000)
    assert not doubtful.done, "the first copy may be in: only sending again can tell"
    doubtful.take("DUP", 1700)
    assert isinstance(answer_of(doubtful.items[0]), Accepted)


def test_missed_deadline_gives_a_new_one_or_an_unknown_outcome() -> None:
    found = group()
    found.start(1_000, 0)
    assert found.deadline_ms == 26_000
    found.start(99_000, 0)
    assert found.deadline_ms == 26_000, "the same for every copy"
    found.take("CLOCK", 99_000)
    assert not found.done
    found.start(99_000, 0)
    assert found.deadline_ms == 124_000
    found.fail(TIMED_OUT, 1000)
    found.take("CLOCK", 199_000)
    assert code_of(found) == "E_UNKNOWN"


def test_nothing_sent_is_unavailable_after_the_wait_and_doubt_lasts_until_the_deadline() -> None:
    found = group()
    found.start(1_000, 0)
    found.fail(REFUSED, 1000)
    found.expire(2999, 0, 3000)
    assert not found.done
    found.expire(3000, 0, 3000)
    assert code_of(found) == "E_UNAVAILABLE"
    doubtful = group()
    doubtful.start(1_000, 100)
    doubtful.fail(TIMED_OUT, 1000)
    doubtful.expire(100 + OP_DEADLINE_MS - 1, 9999, 3000)
    assert not doubtful.done
    doubtful.expire(100 + OP_DEADLINE_MS, 9999, 3000)
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
    found.start(29_999 - OP_DEADLINE_MS, 0)
    assert found.ops_key.endswith("@ops:a")
    found = group()
    found.start(30_000 - OP_DEADLINE_MS, 0)
    assert found.ops_key.endswith("@ops:b")
    assert found.handle == f"3.30000.{'o' * 22}"


def test_line_has_one_group_under_way_and_keeps_the_order() -> None:
    line = AcceptLine("preferences", LOG)
    items = [waiting(since) for since in range(5)]
    for item in items:
        line.add(item)
    first = line.next("o", 2)
    assert first is not None
    assert list(first.items) == items[:2]
    assert (line.busy, line.next("o", 2)) == (True, None)
    line.done()
    second = line.next("o", 128)
    assert second is not None
    assert list(second.items) == items[2:]


def test_what_waits_in_a_line_is_given_up_by_its_own_age_or_when_redis_is_away() -> None:
    line = AcceptLine("preferences", LOG)
    items = [waiting(since) for since in (0, 50, 150)]
    for item in items:
        line.add(item)
    line.expire(120, 0, 100)
    assert [item.settled.done for item in items] == [True, False, False]
    line.expire(120, 100, 100)
    assert [answer_of(item) for item in items] == ["E_UNAVAILABLE"] * 3


def test_closed_line_answers_all_with_what_is_known() -> None:
    line = AcceptLine("preferences", LOG)
    items = [waiting(), waiting()]
    line.add(items[0])
    under_way = line.next("o", 128)
    line.add(items[1])
    assert under_way is not None
    under_way.start(1_000, 0)
    under_way.fail(TIMED_OUT, 1000)
    line.close()
    assert [answer_of(item) for item in items] == ["E_UNKNOWN", "E_UNAVAILABLE"]
