from __future__ import annotations

from typing import Any

import pytest
from cachepact import CachepactError, Entity
from cachepact._key import entry_keys, key_from_id, parse_key
from cachepact._log_key import partition_of
from cachepact._namespace import channels, check_namespace
from cachepact._slot import slot
from cachepact.testing import key_from_neutral
from fixtures import cases, golden, golden_lock, named, of_kind
from hypothesis import given
from hypothesis import strategies as st


def keys_of(case: dict[str, Any]) -> Any:
    entity = golden(case["entity"])
    return entry_keys(entity.record, case["namespace"], key_from_neutral(entity, case["key"]), case.get("generation"))


@pytest.mark.parametrize("case", of_kind("keys", "key"), ids=named)
def test_key_is_built_and_parsed_back(case: dict[str, Any]) -> None:
    keys = keys_of(case)
    for name in ("id", "value", "lease", "floor", "writers"):
        assert getattr(keys, name) == case[name]
    for name in ("value", "lease", "floor", "writers"):
        assert slot(getattr(keys, name)) == case["slot"], "all keys of an entry share a slot"
    log = keys.log
    assert (log is None) == (case["log"] is None)
    if log is not None:
        names = {"opsA": "ops_a", "opsB": "ops_b"}
        for name, expected in case["log"].items():
            assert getattr(log, names.get(name, name)) == expected
    record = golden(case["entity"]).record
    params = key_from_neutral(golden(case["entity"]), case["key"])
    if case.get("generation", record.generation) == record.generation:
        assert parse_key(record, case["namespace"], keys.value) == params
    assert key_from_id(record, keys.id) == params


@pytest.mark.parametrize("case", of_kind("keys", "key-one-way"), ids=named)
def test_key_of_a_value_that_does_not_come_back(case: dict[str, Any]) -> None:
    keys = keys_of(case)
    assert (keys.id, keys.value, slot(keys.value)) == (case["id"], case["value"], case["slot"])


@pytest.mark.parametrize("case", of_kind("keys", "key-reject"), ids=named)
def test_parameter_that_would_make_a_bad_key_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(CachepactError) as caught:
        keys_of(case)
    assert caught.value.code == case["error"]


@pytest.mark.parametrize("case", of_kind("keys", "parse-reject"), ids=named)
def test_text_that_no_builder_made_is_not_parsed(case: dict[str, Any]) -> None:
    record = golden(case["entity"]).record
    with pytest.raises(CachepactError) as caught:
        parse_key(record, case["namespace"], case["text"])
    assert caught.value.code == case["error"]


@pytest.mark.parametrize("case", of_kind("keys", "slot"), ids=named)
def test_slot_is_that_of_the_cluster(case: dict[str, Any]) -> None:
    assert slot(case["key"]) == case["slot"]


@pytest.mark.parametrize("case", of_kind("keys", "partition"), ids=named)
def test_partition_of_an_id(case: dict[str, Any]) -> None:
    assert partition_of(golden(case["entity"]).record, case["id"]) == case["partition"]


@pytest.mark.parametrize("case", of_kind("keys", "channels"), ids=named)
def test_channels_of_a_namespace(case: dict[str, Any]) -> None:
    found = channels(case["namespace"])
    assert (found.l1, found.wake) == (case["l1"], case["wake"])


def test_every_kind_of_case_has_its_test() -> None:
    tested = {"key", "key-one-way", "key-reject", "parse-reject", "slot", "partition", "channels"}
    assert {case["kind"] for case in cases("keys")} == tested


@given(st.text(min_size=1, max_size=40))
def test_every_text_makes_a_key_of_its_own_segment(name: str) -> None:
    record = golden("user-by-name").record
    try:
        keys = entry_keys(record, "acme", {"name": name})
    except CachepactError as error:
        if error.code not in {"E_SURROGATE", "E_TOO_LONG"}:
            raise
        return
    assert keys.value.count(":") == 2
    assert not set(keys.id) & set("{}@*?[]\\ \r\n\0:")
    assert parse_key(record, "acme", keys.value) == {"name": name}


@given(st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=2, unique=True))
def test_two_texts_never_share_a_key(names: list[str]) -> None:
    record = golden("user-by-name").record
    try:
        first, second = (entry_keys(record, "", {"name": name}).value for name in names)
    except CachepactError:
        return
    assert first != second


def test_partition_of_an_entity_without_log_is_refused() -> None:
    with pytest.raises(CachepactError) as caught:
        partition_of(golden("user").record, "42")
    assert caught.value.code == "E_PATTERN"


@pytest.mark.parametrize("namespace", ["Acme", "a:b", "a{b", "a" * 41, "9a", " "])
def test_namespace_that_could_reach_into_a_key_is_refused(namespace: str) -> None:
    with pytest.raises(CachepactError) as caught:
        check_namespace(namespace)
    assert caught.value.code == "E_OPTION"


def test_keyword_parameter_gets_an_underscore() -> None:
    lock = golden_lock()["entities"]["user-by-name"]
    record = {
        **lock,
        "key": [{**lock["key"][0], "param": "class"}],
        "schema": {**lock["schema"], "fields": [{**lock["schema"]["fields"][0], "name": "class"}]},
    }
    entity = Entity.from_record(record)
    value = entity.value_type(class_="a")
    assert entity.to_json(value) == '{"class":"a"}'
    assert entry_keys(entity.record, "", entity.key_of(value)).id == "a"
