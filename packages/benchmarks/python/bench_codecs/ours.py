"""The rows of cachepact; their names are those of `src/codecs/ours.ts`, and so must their bytes be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from bench_contract import JsonUser, MsgpackUser, ProtobufUser, WideUser
from cachepact import Entity
from cachepact._codec import decode_payload, encode_payload
from cachepact._entry import decode_entry, encode_entry

from bench_codecs.contender import Contender

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cachepact._codec import CodecName, CodecPath

    from bench_codecs.user import User

_ENTITIES: tuple[tuple[CodecName, Entity[Any, Any]], ...] = (
    ("json", JsonUser.__cachepact__),
    ("msgpack", MsgpackUser.__cachepact__),
    ("protobuf", ProtobufUser.__cachepact__),
)
_LOCK = Path(__file__).parents[2] / "contract" / "contracts.lock.json"


def ours() -> list[Contender]:
    """Give our rows: payload by either path, 64-bit integers, payload in its entry, and what a roll costs."""
    return [
        *(_payload(f"{codec}, generated", codec, entity, "generated") for codec, entity in _ENTITIES),
        *(_payload(f"{codec}, interpreter", codec, entity, "interpreter") for codec, entity in _ENTITIES),
        *(
            _payload(f"{codec}, generated, 64-bit integers", codec, WideUser.__cachepact__, "generated")
            for codec, _ in _ENTITIES
        ),
        *(_entry(codec, entity) for codec, entity in _ENTITIES),
        *(_during_roll(codec, entity, in_orders=False) for codec, entity in _ENTITIES),
        *(_during_roll(codec, entity, in_orders=True) for codec, entity in _ENTITIES),
    ]


def _payload(name: str, codec: CodecName, entity: Entity[Any, Any], path: CodecPath) -> Contender:
    return Contender(
        f"cachepact {name}",
        _value_of(entity),
        lambda value: encode_payload(entity, codec, value, path=path),
        lambda data: decode_payload(entity, codec, data, "lenient", path=path),
        _user,
    )


def _entry(codec: CodecName, entity: Entity[Any, Any]) -> Contender:
    """Frame and payload: what a cache does on a hit and on a fill."""
    return Contender(
        f"cachepact {codec}, entry with its frame",
        _value_of(entity),
        lambda value: encode_entry(entity, value),
        lambda data: decode_entry(entity, data).value,
        _user,
    )


def _during_roll(codec: CodecName, entity: Entity[Any, Any], *, in_orders: bool) -> Contender:
    """Read what the next release wrote, whose schema has one field more: the state of a fleet during a roll."""
    record = json.loads(_LOCK.read_text())["entities"][entity.record.entity]
    fields = record["schema"]["fields"]
    if in_orders:
        fields = next(field for field in fields if field["name"] == "orders")["type"]["fields"]
    number = max(field["number"] for field in fields) + 1
    fields.append({"name": "loyalty_tier", "number": number, "presence": "implicit", "type": "string"})
    following = Entity.from_record(record)

    def payload(user: User) -> bytes:
        loyal = {"orders": [], **user}
        if in_orders:
            loyal["orders"] = [{**order, "loyalty_tier": "gold"} for order in loyal["orders"]]
        else:
            loyal["loyalty_tier"] = "silver"
        return bytes(encode_payload(following, codec, following.from_json(json.dumps(loyal)), path="interpreter"))

    where = " in every order" if in_orders else ""
    return Contender(
        f"cachepact {codec}, a field of the next release{where}",
        _value_of(entity),
        None,
        lambda data: decode_payload(entity, codec, data, "lenient"),
        _user,
        payload,
    )


def _value_of(entity: Entity[Any, Any]) -> Callable[[User], Any]:
    return lambda user: msgspec.convert(user, entity.value_type)


def _user(decoded: Any) -> User:
    user: Mapping[str, Any] = msgspec.to_builtins(decoded)
    return {name: member for name, member in user.items() if name != "orders" or member}
