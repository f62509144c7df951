"""Every contender gives back its user; the data is that of the TypeScript half."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest
from bench_codecs.check_round_trips import check_round_trips
from bench_codecs.measure import measure
from bench_codecs.ours import ours
from bench_codecs.peers import JSON_BASELINE, peers
from bench_codecs.user import user

if TYPE_CHECKING:
    from bench_codecs.contender import Contender

CODECS = ("json", "msgpack", "protobuf")


@pytest.fixture(scope="module")
def contenders() -> dict[str, Contender]:
    return {one.name: one for one in [*peers(), *ours()]}


def test_contenders_give_back_every_user(contenders: dict[str, Contender]) -> None:
    check_round_trips(contenders.values())
    assert len(contenders) > 20


def test_one_that_loses_a_field_is_named(contenders: dict[str, Contender]) -> None:
    baseline = contenders[JSON_BASELINE]
    lossy = dataclasses.replace(baseline, name="lossy", restore=lambda decoded: {**decoded, "balance": 0})
    with pytest.raises(ValueError, match="written by lossy;"):
        check_round_trips([baseline, lossy])


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("size", ["small", "large"])
def test_both_paths_give_the_same_bytes(contenders: dict[str, Contender], codec: str, size: str) -> None:
    generated, interpreter = (contenders[f"cachepact {codec}, {path}"] for path in ("generated", "interpreter"))
    for index in range(8):
        one = user(index, size)  # type: ignore[arg-type]
        assert generated.payload_of(one) == interpreter.payload_of(one)


@pytest.mark.parametrize("codec", CODECS)
def test_nothing_of_the_next_release_reaches_the_value(contenders: dict[str, Contender], codec: str) -> None:
    now = contenders[f"cachepact {codec}, generated"]
    for release in ("a field of the next release", "a field of the next release in every order"):
        following = contenders[f"cachepact {codec}, {release}"]
        one = user(1, "large")
        assert len(following.payload_of(one)) > len(now.payload_of(one))
        assert following.decode(following.payload_of(one)) == now.decode(now.payload_of(one))


def test_protobuf_is_read_by_upb_and_back(contenders: dict[str, Contender]) -> None:
    peer = contenders["protobuf upb, copied to and from a Struct"]
    our = contenders["cachepact protobuf, generated"]
    one = user(5, "large")
    assert our.restore(our.decode(peer.payload_of(one))) == one
    assert peer.restore(peer.decode(our.payload_of(one))) == one


def test_the_users_are_those_of_the_goals() -> None:
    for size, length in (("small", 311), ("large", 7785)):
        text = json.dumps(user(0, size), separators=(",", ":"))  # type: ignore[arg-type]
        assert len(text) == length


def test_each_operation_has_one_figure_a_round(contenders: dict[str, Contender]) -> None:
    rounds: list[int] = []
    few = [contenders[JSON_BASELINE], contenders["cachepact json, a field of the next release"]]
    measured = measure(few, 2, 0.01, rounds.append)
    assert rounds == [0, 1, 2]
    assert [one["name"] for one in measured] == [one.name for one in few]
    assert [len(cell["encode"]) for one in measured for cell in one["cells"]] == [2, 2, 0, 0]
    assert all(time >= 0 for one in measured for cell in one["cells"] for time in cell["decode"])
    assert all(len(cell["decode"]) == 2 for one in measured for cell in one["cells"])
