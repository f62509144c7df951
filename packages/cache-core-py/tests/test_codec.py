from __future__ import annotations

import hashlib
from typing import Any, Literal

import pytest
from cachepact import CachepactError
from cachepact._codec import CODECS, codec_by_id, codec_by_name
from cachepact.testing import complete_neutral, from_neutral, to_neutral
from fixtures import golden, named, of_kind

CodecName = Literal["json", "msgpack", "protobuf"]
CODEC_NAMES: tuple[CodecName, ...] = ("json", "msgpack", "protobuf")


def data_of(case: dict[str, Any]) -> bytes:
    return case["text"].encode() if "text" in case else bytes.fromhex(case["bytes"])


def is_expected(data: bytes, case: dict[str, Any], codec: str) -> bool:
    """Whether bytes are those of the case; long ones stand there as their digest."""
    expected = case[codec]
    if isinstance(expected, dict):
        return (len(data), hashlib.sha256(data).hexdigest()) == (expected["length"], expected["sha256"])
    return data == (str(expected).encode() if codec == "json" else bytes.fromhex(str(expected)))


@pytest.mark.parametrize("codec", CODEC_NAMES)
@pytest.mark.parametrize("case", of_kind("values", "canonical"), ids=named)
def test_canonical_value_has_one_byte_string(case: dict[str, Any], codec: CodecName) -> None:
    entity = golden(case["entity"])
    payload = codec_by_name(codec).encode(entity.schema, from_neutral(entity, case["value"]))
    assert is_expected(bytes(payload), case, codec)
    # JSON's own text decides; enum names and numbers in it are ASCII like every string of such a value.
    assert payload.ascii is case["ascii"]


@pytest.mark.parametrize("codec", CODEC_NAMES)
@pytest.mark.parametrize("case", of_kind("values", "canonical"), ids=named)
def test_canonical_bytes_decode_to_the_value_in_both_modes(case: dict[str, Any], codec: CodecName) -> None:
    entity = golden(case["entity"])
    expected = complete_neutral(entity, case.get("decoded", case["value"]))
    data = bytes(codec_by_name(codec).encode(entity.schema, from_neutral(entity, case["value"])))
    assert is_expected(data, case, codec)
    for mode in ("lenient", "strict"):
        assert to_neutral(entity, codec_by_name(codec).decode(entity.schema, data, mode)) == expected


@pytest.mark.parametrize("codec", CODEC_NAMES)
@pytest.mark.parametrize("case", of_kind("values", "encode-error"), ids=named)
def test_value_that_the_contract_refuses_is_not_encoded(case: dict[str, Any], codec: CodecName) -> None:
    entity = golden(case["entity"])
    with pytest.raises(CachepactError) as caught:
        codec_by_name(codec).encode(entity.schema, from_neutral(entity, case["value"]))
    assert caught.value.code == case["error"]


@pytest.mark.parametrize("case", of_kind("values", "accept"), ids=named)
def test_lenient_decode_accepts_and_strict_names_what_is_not_canonical(case: dict[str, Any]) -> None:
    entity = golden(case["entity"])
    schema = entity.schema
    codec = codec_by_name(case["codec"])
    found = codec.decode(schema, data_of(case), "lenient")
    assert to_neutral(entity, found) == complete_neutral(entity, case["value"])
    if case["strict"] == "ok":
        codec.decode(schema, data_of(case), "strict")
        return
    with pytest.raises(CachepactError) as caught:
        codec.decode(schema, data_of(case), "strict")
    assert caught.value.code == case["strict"]


@pytest.mark.parametrize("mode", ["lenient", "strict"])
@pytest.mark.parametrize("case", of_kind("values", "reject"), ids=named)
def test_bytes_that_are_no_value_are_rejected_with_the_same_code(case: dict[str, Any], mode: Any) -> None:
    schema = golden(case["entity"]).schema
    with pytest.raises(CachepactError) as caught:
        codec_by_name(case["codec"]).decode(schema, data_of(case), mode)
    assert caught.value.code == case["error"]


def test_codec_ids_are_those_of_the_frame() -> None:
    assert {codec.id: codec.name for codec in CODECS.values()} == {1: "json", 2: "msgpack", 3: "protobuf"}
    assert codec_by_id(2).name == "msgpack"
    for number, code in ((4, "E_PRIVATE"), (7, "E_CODEC")):
        with pytest.raises(CachepactError) as caught:
            codec_by_id(number)
        assert caught.value.code == code
