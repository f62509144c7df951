"""While a release that adds fields is rolled out, readers of the old one meet its members in every entry."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from cachepact import Entity
from cachepact._codec import CodecName, encode_payload
from cachepact.generated import UnusualError
from odd_forms import mutated
from random_values import cases_of_run, draw_value, seed_of_run
from test_generated_codec import CODEC_NAMES, TOO_DEEP, coder_of, decoded

if TYPE_CHECKING:
    from generated_contract import GeneratedContract

# Before, between and behind the names of any message.
NAMES = ("aa_new", "loyalty_new", "mm_new", "zzz_new")
TYPES = ("int32", "uint64", "int64", "bool", "string", "bytes", "double", "timestamp")
INNER = {"message": "next.Inner", "fields": [{"name": "x", "number": 1, "presence": "implicit", "type": "int32"}]}


def next_release(chance: random.Random, record: dict[str, Any]) -> tuple[Entity[Any, Any], bool]:
    """The entity with new fields in any of its messages, and whether there are some."""
    changed = copy.deepcopy(record)
    added = extend(chance, changed["schema"])
    return Entity.from_record(changed), added


def extend(chance: random.Random, message: dict[str, Any]) -> bool:
    added = False
    for field in message["fields"]:
        if isinstance(field["type"], dict) and "fields" in field["type"]:
            added |= extend(chance, field["type"])
    taken = {field["name"] for field in message["fields"]}
    number = max((field["number"] for field in message["fields"]), default=0)
    for name in NAMES:
        if name in taken or number >= 2**29 - 8 or chance.random() < 0.7:
            continue
        number += chance.choice((1, 3))
        kind: Any = chance.choice((*TYPES, INNER))
        presences = ("optional", "repeated", "map") if kind in (INNER, "timestamp") else ("implicit", "repeated", "map")
        field = {"name": name, "number": number, "presence": chance.choice(presences), "type": kind}
        message["fields"].append(field)
        added = True
    return added


def releases(
    chance: random.Random, contract: GeneratedContract, count: int
) -> list[tuple[Entity[Any, Any], CodecName, bytes, bool]]:
    lock = json.loads((contract.folder / "contracts.lock.json").read_text())["entities"]
    names = sorted(lock.keys() - TOO_DEEP)
    found = []
    for _ in range(count):
        name, codec = chance.choice(names), chance.choice(CODEC_NAMES)
        following, added = next_release(chance, lock[name])
        value = draw_value(chance, following.schema)
        data = encode_payload(following, codec, value, path="interpreter").data
        found.append((contract.entities[name], codec, data, added))
    return found


@pytest.fixture(scope="module")
def chance() -> random.Random:
    return random.Random(seed_of_run())


def test_members_of_the_next_release_are_passed_over_without_the_interpreter(
    chance: random.Random, contract: GeneratedContract
) -> None:
    tried = dict.fromkeys(CODEC_NAMES, 0)
    vouched = dict.fromkeys(CODEC_NAMES, 0)
    for entity, codec, data, added in releases(chance, contract, 300):
        if not added:
            continue
        tried[codec] += 1
        try:
            value = coder_of(entity, codec).decode(data)
        except UnusualError:
            # A negative integer beside text or a double that looks like a varint of more than 64 bits.
            assert codec == "protobuf"
            continue
        vouched[codec] += 1
        assert (type(value), repr(value), False) == decoded(entity, codec, data, "lenient", "interpreter")
    assert min(tried.values()) > 30
    assert (vouched["json"], vouched["msgpack"]) == (tried["json"], tried["msgpack"])
    assert vouched["protobuf"] > 0.7 * tried["protobuf"]


def test_both_paths_agree_on_what_the_next_release_writes_faults_included(
    chance: random.Random, contract: GeneratedContract
) -> None:
    for entity, codec, data, _ in releases(chance, contract, cases_of_run(300)):
        for each in (data, mutated(chance, data), mutated(chance, mutated(chance, data))):
            on_generated, on_interpreter = (
                decoded(entity, codec, each, "lenient", path) for path in ("generated", "interpreter")
            )
            assert on_generated == on_interpreter, (entity, codec, each.hex())


# Each is {"id": 1} of the bench of a roll with something unknown that the engines take and the wire refuses.
@pytest.mark.parametrize(
    ("codec", "unknown", "code"),
    [
        pytest.param("protobuf", b"\xf3\x3f\xf4\x3f", "E_SYNTAX", id="group"),
        pytest.param("protobuf", b"\xf0\x3f" + b"\x80" * 9 + b"\x02", "E_SYNTAX", id="varint of more than 64 bits"),
        pytest.param("protobuf", b"\xf0\x3f" + b"\xff" * 9 + b"\x03", "E_SYNTAX", id="another"),
        pytest.param("msgpack", b"\xa3zzz\xd4\x05\x00", "E_TYPE", id="extension"),
        pytest.param("msgpack", b"\xa3zzz" + b"\x91" * 32 + b"\xc0", "E_DEPTH", id="too deep"),
        pytest.param("msgpack", b"\xa2aa\x01\xa2aa\x01", "E_DUP", id="twice"),
        pytest.param("json", b'"zzz":' + b"[" * 32 + b"1" + b"]" * 32, "E_DEPTH", id="too deep in JSON"),
        pytest.param("json", b'"zzz":{"a":1,"a":1}', "E_DUP", id="twice in an unknown member"),
    ],
)
def test_what_the_wire_refuses_in_unknown_members_stays_refused(
    contract: GeneratedContract, codec: CodecName, unknown: bytes, code: str
) -> None:
    entity = contract.entities["counter"]
    plain = encode_payload(entity, codec, draw_value(random.Random(1), entity.schema)).data
    if codec == "json":
        data = plain[:-1] + b"," + unknown + b"}"
    elif codec == "msgpack":
        data = bytes((plain[0] + (2 if unknown.startswith(b"\xa2aa") else 1),)) + plain[1:] + unknown
    else:
        data = plain + unknown
    for path in ("generated", "interpreter"):
        assert decoded(entity, codec, data, "lenient", path)[0] == code
