"""Values and mutants that Hypothesis makes from the schema, put to both paths of both languages.

The same question as test/differential.test.ts asks with fast-check, with the generator of the other language: a value
that one of them never makes is not left to chance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import neutral_values
import pytest
from differential import Differential, is_too_deep, mutated, pairs
from hypothesis import event, given, seed, settings
from hypothesis import strategies as st
from python_testee import load_contract
from run_size import SEED, cases

if TYPE_CHECKING:
    from pathlib import Path

    from typescript_testee import TypeScriptTestee

# Hypothesis takes ten times as long for a value, and most of the values are the other generator's to make.
SHARE = 10

CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["cut", "insert", "replace", "drop", "repeat"]),
        st.integers(0, 2**16),
        st.one_of(
            st.binary(min_size=1, max_size=3),
            st.sampled_from([b"\xff", b"\xc1", b"\x80", b"\xed\xa0\x80", b"\xdf\xff\xff\xff\xff", b'"', b"}", b"null"]),
        ),
    ),
    min_size=1,
    max_size=3,
)


@pytest.fixture(scope="module")
def subjects(contract: Path, typescript: TypeScriptTestee) -> list[Differential]:
    return [Differential(entity, codec, typescript) for entity, codec in pairs(load_contract(str(contract)))]


def check_value(subject: Differential, value: Any) -> None:
    """Everybody writes the same bytes, and reads them, strictly and leniently, as the value."""
    written = subject.encode(value)
    if is_too_deep(subject.entity.record.schema, value):
        assert written == "error E_DEPTH"
        return
    data = hex_of(written)
    for mode in ("strict", "lenient"):
        assert subject.decode(data, mode) == subject.expected(value)


def check_mutant(subject: Differential, value: Any, changes: list[tuple[str, int, bytes]]) -> None:
    """Everybody says the same of bytes of which nobody knows whether they are valid."""
    written = subject.encode(value)
    if written.startswith("error"):
        return
    data = mutated(hex_of(written), changes)
    lenient, strict = subject.decode(data, "lenient"), subject.decode(data, "strict")
    event(f"{subject.codec}: {lenient.partition(' ')[0] if lenient.startswith('ok') else lenient}")
    assert strict in {lenient, "error E_NONCANONICAL"} or lenient.startswith("ok ")


def hex_of(written: str) -> bytes:
    return bytes.fromhex(written.partition('"hex": "')[2].partition('"')[0])


def run_values(subjects: list[Differential], examples: int) -> None:
    @seed(SEED)
    @settings(max_examples=examples)
    @given(st.data(), st.sampled_from(subjects))
    def run(data: st.DataObject, subject: Differential) -> None:
        check_value(subject, data.draw(neutral_values.value(subject.entity.record.schema)))

    run()


def run_mutants(subjects: list[Differential], examples: int) -> None:
    @seed(SEED)
    @settings(max_examples=examples)
    @given(st.data(), st.sampled_from(subjects), CHANGES)
    def run(data: st.DataObject, subject: Differential, changes: list[tuple[str, int, bytes]]) -> None:
        check_mutant(subject, data.draw(neutral_values.value(subject.entity.record.schema)), changes)

    run()


def test_values_have_one_encoding(subjects: list[Differential]) -> None:
    run_values(subjects, 60)


def test_mutants_get_one_verdict(subjects: list[Differential]) -> None:
    run_mutants(subjects, 60)


@pytest.mark.long
def test_many_values_have_one_encoding(subjects: list[Differential]) -> None:
    run_values(subjects, cases(20_000) // SHARE)


@pytest.mark.long
def test_many_mutants_get_one_verdict(subjects: list[Differential]) -> None:
    run_mutants(subjects, cases(20_000) // SHARE)
