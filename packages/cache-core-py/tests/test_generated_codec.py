"""The generated codecs and the interpreter give the same bytes, values and errors."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from cachepact import CachepactError, Entity
from cachepact._codec import CodecName, CodecPath, Mode, decode_payload, encode_payload
from cachepact._codecs.notes import DecodeNotes
from cachepact._entry import decode_entry, encode_entry
from cachepact.generated import UnusualError
from cachepact.testing import complete_neutral, from_neutral, key_from_neutral, to_neutral
from fixtures import cases, golden, named, of_kind
from hypothesis import given, settings
from odd_forms import doubled, mutated, odd_form
from random_values import cases_of_run, draw_value, seed_of_run
from value_strategies import values

if TYPE_CHECKING:
    from cachepact._generated.generated_codec import Coder
    from generated_contract import GeneratedContract

CODEC_NAMES: tuple[CodecName, ...] = ("json", "msgpack", "protobuf")
PATHS: tuple[CodecPath, ...] = ("generated", "interpreter")
MODES: tuple[Mode, ...] = ("lenient", "strict")
# More than 32 levels may lie in each other: no generated codec.
TOO_DEEP = {"deep"}


def data_of(case: dict[str, Any]) -> bytes:
    return case["text"].encode() if "text" in case else bytes.fromhex(case["bytes"])


def coder_of(entity: Entity[Any, Any], codec: CodecName) -> Coder[Any]:
    found = entity.generated[codec]
    assert found is not None
    return found


def encoded(entity: Entity[Any, Any], codec: CodecName, value: object, path: CodecPath) -> Any:
    try:
        payload = encode_payload(entity, codec, value, path=path)
    except CachepactError as error:
        return error.code, str(error)
    return payload.data, payload.ascii


def decoded(entity: Entity[Any, Any], codec: CodecName, data: bytes, mode: Mode, path: CodecPath) -> Any:
    """What comes of bytes; ``repr`` tells -0.0 from 0.0, True from 1, a member from its number."""
    notes = DecodeNotes()
    try:
        value = decode_payload(entity, codec, data, mode, path=path, notes=notes)
    except CachepactError as error:
        return error.code, str(error)
    return type(value), repr(value), notes.unknown_enum_name


def both_paths_agree(entity: Entity[Any, Any], codec: CodecName, data: bytes) -> None:
    for mode in MODES:
        generated, interpreter = (decoded(entity, codec, data, mode, path) for path in PATHS)
        assert generated == interpreter, (entity, codec, mode, data.hex())


def mixes_key_orders(value: object) -> bool:
    """Whether a map holds letters that UTF-16 and UTF-8 put in another order: what generated encoders leave alone."""
    if isinstance(value, dict):
        text = "".join(value)
        if any(letter > "\uffff" for letter in text) and any("\ue000" <= letter <= "\uffff" for letter in text):
            return True
    fields = getattr(value, "__struct_fields__", ())
    items = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    return any(map(mixes_key_orders, [*items, *(getattr(value, field) for field in fields)]))


@pytest.mark.parametrize("codec", CODEC_NAMES)
@pytest.mark.parametrize("case", of_kind("values", "canonical"), ids=named)
def test_canonical_case_is_vouched_for(contract: GeneratedContract, case: dict[str, Any], codec: CodecName) -> None:
    entity = contract.entities[case["entity"]]
    value = from_neutral(entity, case["value"])
    payload = encode_payload(entity, codec, value, path="interpreter")
    if case["entity"] in TOO_DEEP:
        assert entity.generated[codec] is None
    elif mixes_key_orders(value):
        with pytest.raises(UnusualError):
            coder_of(entity, codec).encode(value)
    else:
        assert coder_of(entity, codec).encode(value) == payload
    assert encode_payload(entity, codec, value) == payload
    if case["entity"] not in TOO_DEEP:
        found = coder_of(entity, codec).decode(payload.data)
        assert to_neutral(entity, found) == complete_neutral(entity, case.get("decoded", case["value"]))
    both_paths_agree(entity, codec, payload.data)


@pytest.mark.parametrize("codec", CODEC_NAMES)
@pytest.mark.parametrize("case", of_kind("values", "encode-error"), ids=named)
def test_refused_value_is_refused_alike(contract: GeneratedContract, case: dict[str, Any], codec: CodecName) -> None:
    entity = contract.entities[case["entity"]]
    try:
        value = from_neutral(entity, case["value"])
    except CachepactError:
        return  # no Python class can hold it
    generated, interpreter = (encoded(entity, codec, value, path) for path in PATHS)
    assert generated == interpreter
    assert generated[0] == case["error"]


@pytest.mark.parametrize("case", of_kind("values", "accept") + of_kind("values", "reject"), ids=named)
def test_other_form_or_wrong_bytes_end_alike(contract: GeneratedContract, case: dict[str, Any]) -> None:
    both_paths_agree(contract.entities[case["entity"]], case["codec"], data_of(case))


@pytest.mark.parametrize("case", cases("entries"), ids=named)
def test_entry_is_that_of_the_fixtures(contract: GeneratedContract, case: dict[str, Any]) -> None:
    entity, plain = contract.entities[case["entity"]], golden(case["entity"])
    if case["kind"] in {"entry", "encode-error"}:
        outcomes = [_written(each, case) for each in (entity, plain)]
        assert outcomes[0] == outcomes[1] == case.get("bytes", case.get("error"))
    if case["kind"] != "encode-error":
        outcomes = [_read(each, case) for each in (entity, plain)]
        assert outcomes[0] == outcomes[1]
        assert case["kind"] != "reject" or outcomes[0] == case["error"]


def _written(entity: Entity[Any, Any], case: dict[str, Any]) -> str:
    try:
        value = None if case["value"] is None else from_neutral(entity, case["value"])
        return encode_entry(entity, value, **case["meta"]).hex()
    except CachepactError as error:
        return error.code


def _read(entity: Entity[Any, Any], case: dict[str, Any]) -> Any:
    key = entity.key_type(**key_from_neutral(entity, case["key"]))
    try:
        entry = decode_entry(entity, bytes.fromhex(case["bytes"]), key)
    except CachepactError as error:
        return error.code
    return None if entry.value is None else to_neutral(entity, entry.value), entry.version, entry.foreign


@pytest.mark.parametrize("codec", CODEC_NAMES)
@pytest.mark.parametrize("name", ["all-types", "basket", "order", "journey", "survey"])
def test_every_value_has_one_byte_string_on_both_paths(
    contract: GeneratedContract, name: str, codec: CodecName
) -> None:
    entity = contract.entities[name]

    @given(values(entity.schema))
    @settings(max_examples=12)
    def check(value: Any) -> None:
        payload = encode_payload(entity, codec, value, path="interpreter")
        assert encode_payload(entity, codec, value) == payload
        for mode in MODES:
            assert decode_payload(entity, codec, payload.data, mode) == value
        both_paths_agree(entity, codec, payload.data)

    check()


@pytest.mark.parametrize("codec", ["json", "msgpack"])
@pytest.mark.parametrize("name", ["user", "basket", "order", "journey", "survey"])
def test_name_or_key_that_stands_twice_is_found(contract: GeneratedContract, name: str, codec: CodecName) -> None:
    entity = contract.entities[name]
    seen = 0
    for trial in range(4):
        data = encode_payload(entity, codec, draw_value(random.Random(trial), entity.schema)).data
        for twice in doubled(codec, data)[:60]:
            assert decoded(entity, codec, twice, "lenient", "generated")[0] == "E_DUP"
            both_paths_agree(entity, codec, twice)
            seen += 1
    assert seen > 20


def run_trials(contract: GeneratedContract, codec: CodecName, count: int) -> None:
    seed = seed_of_run()
    entities = [entity for name, entity in contract.entities.items() if name not in TOO_DEEP]
    for trial in range(count):
        chance = random.Random(f"{seed} {codec} {trial}")
        entity = chance.choice(entities)
        value = draw_value(chance, entity.schema)
        where = f"CACHEPACT_SEED={seed} trial {trial} {entity} {codec}"
        payload = encode_payload(entity, codec, value, path="interpreter")
        if not mixes_key_orders(value):
            assert coder_of(entity, codec).encode(value) == payload, where
        assert repr(coder_of(entity, codec).decode(payload.data)) == repr(
            decode_payload(entity, codec, payload.data, "strict", path="interpreter")
        ), where
        for _ in range(2):
            both_paths_agree(entity, codec, odd_form(chance, codec, payload.data))
        both_paths_agree(entity, codec, mutated(chance, payload.data))


@pytest.mark.parametrize("codec", CODEC_NAMES)
def test_values_and_odd_forms_end_alike(contract: GeneratedContract, codec: CodecName) -> None:
    run_trials(contract, codec, 250)


@pytest.mark.long
@pytest.mark.parametrize("codec", CODEC_NAMES)
def test_many_values_and_odd_forms_end_alike(contract: GeneratedContract, codec: CodecName) -> None:
    run_trials(contract, codec, cases_of_run(20_000))
