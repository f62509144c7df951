"""Bytes that are almost the canonical ones of a value: valid in another form, or wrong in one place."""

from __future__ import annotations

import json
import random
import struct
from typing import TYPE_CHECKING, Any

import msgpack  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Callable


class Pairs(list[tuple[Any, Any]]):
    """A map as it stands in the bytes: in their order, and with names that occur twice."""


class NumberText(str):
    """A JSON number in its own form."""

    __slots__ = ()


def odd_form(chance: random.Random, codec: str, data: bytes) -> bytes:
    """Another form of canonical bytes, or something wrong in them."""
    if chance.random() < 0.4:
        return mutated(chance, data)
    return {"json": _odd_json, "msgpack": _odd_msgpack, "protobuf": _odd_protobuf}[codec](chance, data)


def doubled(codec: str, data: bytes) -> list[bytes]:
    """Canonical bytes with one name or key twice, for each that JSON or MessagePack has."""
    read, write = {"json": (_read_json, _plain_json), "msgpack": (_read_msgpack, _plain_msgpack)}[codec]
    root = read(data)
    found = []
    for node in _containers(root):
        if isinstance(node, Pairs):
            for at in range(len(node)):
                node.insert(at, node[at])
                found.append(write(root))
                del node[at]
    return found


def mutated(chance: random.Random, data: bytes) -> bytes:
    """One to three bytes changed, cut or added."""
    found = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randint(0, len(found))
        match chance.randint(0, 4):
            case 0:
                found[at : at + 1] = chance.randbytes(1)
            case 1:
                del found[at:]
            case 2:
                found[at:at] = chance.randbytes(chance.randint(1, 3))
            case 3:
                found[at : at + 1] = chance.choice((b"0", b"1", b'"', b"{", b"}", b"[", b",", b":", b"\\", b"-", b" "))
            case _:
                end = min(len(found), at + chance.randint(1, 12))
                found[at:at] = found[at:end]
    return bytes(found)


def _containers(node: Any) -> list[Any]:
    found = []
    if isinstance(node, list):
        found.append(node)
        for item in node:
            found += _containers(item[1] if isinstance(node, Pairs) else item)
    return found


def _change(chance: random.Random, root: Any, scalars: tuple[Any, ...]) -> None:
    """Change one list or map somewhere in a tree."""
    node = chance.choice(_containers(root) or [Pairs()])
    odd = chance.choice((*scalars, [], Pairs(), [[]], Pairs([("a", Pairs([("b", 1), ("b", 2)]))]), _deep(chance)))
    if not isinstance(node, Pairs):
        node.insert(chance.randint(0, len(node)), odd)
        return
    if not node:
        node.append(("x", odd))
        return
    at = chance.randrange(len(node))
    name, value = node[at]
    match chance.randint(0, 7):
        case 0:
            node.insert(chance.randint(0, len(node)), (name, value))
        case 1:
            node.insert(chance.randint(0, len(node)), (name, odd))
        case 2:
            del node[at]
        case 3:
            chance.shuffle(node)
        case 4:
            node.insert(at, (chance.choice(("unknown", "zz", "\u00e9", name + "x")), odd))
        case 5:
            node[at] = (name, chance.choice(node)[1])
        case _:
            node[at] = (name, odd)


def _deep(chance: random.Random) -> Any:
    node: Any = 1
    for _ in range(chance.choice((3, 29, 33, 40))):
        node = Pairs([("d", node)]) if chance.random() < 0.5 else [node]
    return node


_JSON_SCALARS = (
    *(
        None,
        True,
        False,
        "",
        "5",
        "-5",
        " 5",
        "5 ",
        "+5",
        "05",
        "-0",
        "1_0",
        "1e2",
        "1.0",
        "\u0665",
        "9" * 19,
        "9" * 40,
    ),
    *("2023-11-14T22:13:20Z", "2023-11-14t22:13:20z", "2023-11-14 22:13:20Z", "2023-11-14T22:13:20.1Z"),
    *("2023-11-14T22:13:20.123Z", "2023-11-14T22:13:20.000Z", "2023-11-14T22:13:20.1239Z", "2023-11-14T22:13:60Z"),
    *("2023-11-14T22:13:20+01:00", "2023-11-14T22:13:20", "0000-01-01T00:00:00Z", "2023-02-29T00:00:00.000Z"),
    *("AA==", "AA", "AAA=", "AB==", "-_8", "A", "COLOR_RED", "COLOR_GREEN", "WEATHER_SUN"),
    *map(NumberText, ("0", "5", "-0", "1.0", "1e2", "1E400", "-1e-400", "2147483648", "-2147483649", "1e16", "1e+16")),
    *map(NumberText, ("9007199254740991", "9007199254740992", "9223372036854775808", "1" * 400, "0.1", "1e21", "-0.0")),
)


def _read_json(data: bytes) -> Any:
    return json.loads(data, object_pairs_hook=Pairs, parse_int=NumberText, parse_float=NumberText)


def _odd_json(chance: random.Random, data: bytes) -> bytes:
    root = _read_json(data)
    for _ in range(chance.choice((0, 1, 1, 2))):
        _change(chance, root, _JSON_SCALARS)
    spaced = chance.random() < 0.2
    escaped = chance.random() < 0.2
    return _write_json(
        root,
        lambda: chance.choice(("", "", " ", "\n\t")) if spaced else "",
        lambda text: json.dumps(text, ensure_ascii=escaped and chance.random() < 0.5),
    )


def _plain_json(root: Any) -> bytes:
    return _write_json(root, str, lambda text: json.dumps(text, ensure_ascii=False))


def _write_json(root: Any, space: Callable[[], str], quoted: Callable[[str], str]) -> bytes:
    def text(node: Any) -> str:
        if isinstance(node, Pairs):
            members = (f"{space()}{quoted(name)}{space()}:{space()}{text(item)}" for name, item in node)
            return f"{{{','.join(members)}{space()}}}"
        if isinstance(node, list):
            return f"[{','.join(space() + text(item) for item in node)}]"
        if isinstance(node, NumberText):
            return str(node)
        return quoted(node) if isinstance(node, str) else json.dumps(node)

    return (space() + text(root) + space()).encode()


_MSGPACK_SCALARS = (
    *(None, True, False, "", "5", b"", b"ab", 0, 1, -1, 127, 128, -33, 2**31, -(2**31) - 1, 2**32, 2**53, -(2**53)),
    *(2**63 - 1, 2**63, 2**64 - 1, -(2**63), 0.0, -0.0, 1.0, 1.5, 2.0**53, 1e300, float("nan"), float("inf")),
    *(msgpack.Timestamp(5, 0), msgpack.Timestamp(5, 122_999_600), msgpack.Timestamp(-1, 999_000_000)),
    *(
        msgpack.Timestamp(5, 400),
        msgpack.Timestamp(5, 123_456_000),
        msgpack.Timestamp(2**40, 0),
        msgpack.ExtType(5, b"x"),
        "2023-11-14T22:13:20Z",
    ),
)


def _read_msgpack(data: bytes) -> Any:
    return msgpack.unpackb(data, object_pairs_hook=Pairs, timestamp=0)


def _odd_msgpack(chance: random.Random, data: bytes) -> bytes:
    root = _read_msgpack(data)
    for _ in range(chance.choice((0, 1, 1, 2))):
        _change(chance, root, _MSGPACK_SCALARS)
    return _write_msgpack(root, chance, 0.0 if chance.random() < 0.5 else 0.1)


def _plain_msgpack(root: Any) -> bytes:
    return _write_msgpack(root, random.Random(0), 0.0)


def _write_msgpack(root: Any, chance: random.Random, wide: float) -> bytes:
    """``wide`` = the share of numbers, lengths and heads that are longer than they need be."""
    out = bytearray()

    def head(count: int, short: int, limit: int, codes: tuple[tuple[int, int], ...]) -> None:
        if count < limit and chance.random() >= wide:
            out.append(short | count)
            return
        fitting = [each for each in codes if count < 1 << 8 * each[1]]
        code, size = chance.choice(fitting) if chance.random() < wide else fitting[0]
        out.append(code)
        out.extend(count.to_bytes(size))

    def write(node: Any) -> None:
        if isinstance(node, Pairs):
            head(len(node), 0x80, 16, ((0xDE, 2), (0xDF, 4)))
            for name, item in node:
                write(name)
                write(item)
        elif isinstance(node, list):
            head(len(node), 0x90, 16, ((0xDC, 2), (0xDD, 4)))
            for item in node:
                write(item)
        elif isinstance(node, str):
            encoded = node.encode()
            head(len(encoded), 0xA0, 32, ((0xD9, 1), (0xDA, 2), (0xDB, 4)))
            out.extend(encoded)
        elif type(node) is int and node >= 0 and chance.random() < wide:
            out.extend(b"\xcf" + node.to_bytes(8) if chance.random() < 0.5 else b"\xcb" + struct.pack(">d", node))
        elif type(node) is float and chance.random() < wide and abs(node) < 1e30:
            out.extend(b"\xca" + struct.pack(">f", node))
        else:
            out.extend(msgpack.packb(node))

    write(root)
    return bytes(out)


def _odd_protobuf(chance: random.Random, data: bytes) -> bytes:
    """One field twice, moved, lost, with other bytes; an unknown one; also inside a message that a field holds."""
    fields = _fields(data)
    if fields is None:
        return mutated(chance, data)
    for _ in range(chance.randint(1, 2)):
        at = chance.randrange(len(fields) + 1)
        one = fields[at] if at < len(fields) else (b"", b"")
        match chance.randint(0, 7):
            case 0:
                fields.insert(chance.randint(0, len(fields)), one)
            case 1:
                chance.shuffle(fields)
            case 2:
                del fields[at : at + 1]
            case 3:
                fields.insert(at, (b"", chance.choice(_UNKNOWN)))
            case 4 if one[0]:
                fields[at] = (one[0], chance.choice(_VALUES))
            case 5 if one[0]:
                fields[at] = (_overlong(one[0]), one[1])
            case _:
                inner = _chunk(one[1]) if one[0] and one[0][0] & 7 == 2 else None
                if inner is not None:
                    changed = _odd_protobuf(chance, inner)
                    fields[at] = (one[0], _varint(len(changed)) + changed)
    return b"".join(tag + value for tag, value in fields)


_VALUES = tuple(
    bytes.fromhex(text)
    for text in (
        *("00", "01", "02", "8000", "ffffffff0f", "ffffffff1f", "80808080f8ffffffff01", "80808080f8ffffffff02"),
        *("ffffffffffffffffff01", "808080808080808010", "0000000000000080", "000000000000f87f", "000000000000f03f"),
        *("0161", "02c328", "03eda080", "03080010", "0408001000", "060880ffffff0f", "071080c2d72f0805"),
    )
)
_UNKNOWN = tuple(
    bytes.fromhex(text)
    for text in ("9a3f0161", "983f05", "993f0000000000000000", "9d3f00000000", "9b3f9c3f", "9c3f", "00")
)


def _fields(data: bytes) -> list[tuple[bytes, bytes]] | None:
    """Tags and values; None when the bytes are no message."""
    found = []
    at = 0
    while at < len(data):
        start, at = at, _end_of_varint(data, at)
        tag, wire = data[start:at], data[start] & 7
        start = at
        if wire == 0:
            at = _end_of_varint(data, at)
        elif wire == 1:
            at += 8
        elif wire == 2:
            end = _end_of_varint(data, at)
            at = end + _number(data[at:end])
        else:
            return None
        if at > len(data):
            return None
        found.append((tag, data[start:at]))
    return found


def _end_of_varint(data: bytes, at: int) -> int:
    while at < len(data) and data[at] > 0x7F:
        at += 1
    return at + 1


def _number(varint: bytes) -> int:
    return sum((byte & 0x7F) << 7 * index for index, byte in enumerate(varint))


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))


def _overlong(varint: bytes) -> bytes:
    return bytes((*varint[:-1], varint[-1] | 0x80, 0))


def _chunk(value: bytes) -> bytes | None:
    end = _end_of_varint(value, 0)
    return value[end:] if _fields(value[end:]) is not None else None
