"""Bytes that an attacker wrote: decoding ends soon, in little memory, with a code of the vocabulary."""

from __future__ import annotations

import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from cachepact import CachepactError
from cachepact._codec import CodecName, CodecPath, decode_payload

if TYPE_CHECKING:
    from generated_contract import GeneratedContract

SIZE = 1 << 13
# CPU time of this thread. All grows with the size: a decoder that grows with its square takes minutes.
SECONDS_MAX = 5.0
# An empty message of three bytes becomes an object with an empty list.
BYTES_PER_BYTE_MAX = 200


def _varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes((number & 0x7F | 0x80,))
        number >>= 7
    return out + bytes((number,))


def _nested_messages() -> bytes:
    data = b""
    while len(data) < SIZE:
        data = b"\x12" + _varint(len(data)) + data
    return data


def _list(item: bytes) -> bytes:
    return b",".join([item] * (SIZE // (len(item) + 1)))


JSON: dict[str, tuple[bytes, str]] = {
    "arrays-without-end": (b"[" * SIZE, "E_DEPTH"),
    "objects-without-end": (b'{"a":' * (SIZE // 5), "E_DEPTH"),
    "unknown-member-without-end": (b'{"zz":' + b"[" * SIZE, "E_DEPTH"),
    "unknown-member-deep-and-closed": (b'{"zz":' + b"[" * 900 + b"]" * 900 + b"}", "E_DEPTH"),
    "integer-of-many-digits": (b'{"id":' + b"9" * SIZE + b"}", "E_RANGE"),
    "negative-integer-of-many-digits": (b'{"id":-' + b"9" * SIZE + b"}", "E_RANGE"),
    "text-of-many-digits": (b'{"id":1,"large":"' + b"9" * SIZE + b'"}', "E_RANGE"),
    "unknown-integer-of-many-digits": (b'{"id":1,"zz":' + b"9" * SIZE + b"}", ""),
    "fraction-of-many-digits": (b'{"id":1,"ratio":0.' + b"9" * SIZE + b"}", ""),
    "exponent-of-many-digits": (b'{"id":1,"ratio":1e' + b"9" * SIZE + b"}", "E_FLOAT"),
    "small-exponent-of-many-digits": (b'{"id":1,"ratio":1e-' + b"9" * SIZE + b"}", ""),
    "double-of-many-digits": (b'{"id":1,"ratio":' + b"9" * SIZE + b"}", "E_FLOAT"),
    "spaces": (b" " * SIZE, "E_TRUNCATED"),
    "spaces-behind": (b'{"id":1}' + b" " * SIZE, ""),
    "quotes": (b'"' * SIZE, "E_TRAILING"),
    "backslashes-without-end": (b'{"text":"' + b"\\" * SIZE, "E_TRUNCATED"),
    "backslashes": (b'{"id":1,"text":"' + b"\\\\" * (SIZE // 2) + b'"}', ""),
    "halves-of-pairs": (b'{"text":"' + b"\\ud800" * (SIZE // 6) + b'"}', "E_SURROGATE"),
    "pairs": (b'{"id":1,"text":"' + b"\\ud83d\\ude00" * (SIZE // 12) + b'"}', ""),
    "many-members": (b'{"id":1,' + b",".join(b'"%d":1' % n for n in range(SIZE // 8)) + b"}", ""),
    "one-member-many-times": (b'{"id":1,' + _list(b'"a":1') + b"}", "E_DUP"),
    "many-items": (b'{"id":1,"numbers":[' + _list(b"1") + b"]}", ""),
    "many-records": (b'{"id":1,"parts":[' + _list(b'{"label":""}') + b"]}", ""),
    "commas": (b'{"numbers":[' + b"," * SIZE, "E_SYNTAX"),
    "padding": (b'{"id":1,"data":"' + b"=" * SIZE + b'"}', "E_TYPE"),
    "digits-of-a-second": (b'{"id":1,"at":"2023-01-01T00:00:00.' + b"1" * SIZE + b'Z"}', "E_TYPE"),
}

MSGPACK: dict[str, tuple[bytes, str]] = {
    "arrays-without-end": (b"\x81\xa2zz" + b"\x91" * SIZE, "E_DEPTH"),
    "maps-without-end": (b"\x81\xa2zz" + b"\x81\xa0" * (SIZE // 2), "E_DEPTH"),
    "records-of-4-billion": (b"\xdf\xff\xff\xff\xff" + b"\xa0" * SIZE, "E_TRUNCATED"),
    "items-of-4-billion": (b"\x81\xa7numbers\xdd\xff\xff\xff\xff" + b"\x01" * SIZE, "E_TRUNCATED"),
    "text-of-4-gigabytes": (b"\x81\xa4text\xdb\xff\xff\xff\xff" + b"x" * SIZE, "E_TRUNCATED"),
    "bytes-of-4-gigabytes": (b"\x81\xa4data\xc6\xff\xff\xff\xff" + b"x" * SIZE, "E_TRUNCATED"),
    "extension-of-4-gigabytes": (b"\x81\xa2at\xc9\xff\xff\xff\xff\xff", "E_TRUNCATED"),
    "many-items": (b"\x82\xa2id\x01\xa7numbers\xdd" + SIZE.to_bytes(4) + b"\x01" * SIZE, ""),
    "many-unknown-items": (b"\x82\xa2id\x01\xa2zz\xdd" + SIZE.to_bytes(4) + b"\x80" * SIZE, ""),
    "many-records": (
        b"\x82\xa2id\x01\xa5parts\xdd" + (SIZE // 8).to_bytes(4) + b"\x81\xa5label\xa0" * (SIZE // 8),
        "",
    ),
    "one-name-many-times": (b"\xdf" + (SIZE // 4).to_bytes(4) + b"\xa2id\x01" * (SIZE // 4), "E_DUP"),
}

PROTOBUF: dict[str, tuple[bytes, str]] = {
    "groups": (b"\x9b\x3f" * (SIZE // 2), "E_SYNTAX"),
    "unknown-fields": (b"\xf8\x7f\x01" * (SIZE // 3), ""),
    "unknown-messages-in-each-other": (b"\x9a\x3f" + _varint(SIZE) + _nested_messages()[:SIZE].ljust(SIZE, b"\0"), ""),
    "one-field-many-times": (b"\x10\x01" * (SIZE // 2), ""),
    "one-message-many-times": (b"\x82\x01\x00" * (SIZE // 3), ""),
    "many-messages": (b"\x82\x02\x00" * (SIZE // 3), ""),
    "many-empty-entries": (b"\x8a\x02\x00" * (SIZE // 3), ""),
    "many-packed-integers": (b"\xc2\x01" + _varint(SIZE) + b"\x01" * SIZE, ""),
    "length-of-2-gigabytes": (b"\x5a\xff\xff\xff\xff\x07" + b"x" * SIZE, "E_TRUNCATED"),
    "length-beyond-2-gigabytes": (b"\x5a\xff\xff\xff\xff\x0f" + b"x" * SIZE, "E_SYNTAX"),
    "varint-without-end": (b"\x10" + b"\x80" * SIZE, "E_SYNTAX"),
}

CASES: dict[str, tuple[CodecName, bytes, str]] = {
    **{f"json-{name}": ("json", *case) for name, case in JSON.items()},
    **{f"msgpack-{name}": ("msgpack", *case) for name, case in MSGPACK.items()},
    **{f"protobuf-{name}": ("protobuf", *case) for name, case in PROTOBUF.items()},
}


@pytest.mark.parametrize("path", ["generated", "interpreter"])
@pytest.mark.parametrize("name", CASES)
def test_decoding_is_bounded(contract: GeneratedContract, name: str, path: CodecPath) -> None:
    entity = contract.entities["all-types"]
    codec, data, code = CASES[name]

    def decode() -> str:
        try:
            decode_payload(entity, codec, data, "lenient", path=path)
        except CachepactError as error:
            return error.code
        return ""

    began = time.thread_time()
    assert decode() == code
    assert time.thread_time() - began < SECONDS_MAX
    assert _peak(decode) < BYTES_PER_BYTE_MAX * (len(data) + 1000)


def _peak(action: Any) -> int:
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
