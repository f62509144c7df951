"""The peers: what everyone without a cache contract uses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgpack
import msgspec
import orjson
import ormsgpack

from bench_codecs.contender import Contender
from bench_codecs.upb_message import user_message

if TYPE_CHECKING:
    from bench_codecs.user import User

JSON_BASELINE = "json (standard library)"
"""Each column is also printed as a ratio to it."""


class Order(msgspec.Struct, gc=False):
    """An order as a program without a contract would declare it."""

    order_id: str
    sku: str
    qty: int
    price_cents: int
    placed_at: str
    note: str
    gift: bool


class PeerUser(msgspec.Struct, omit_defaults=True):
    """A user as a program without a contract would declare it."""

    id: int
    email: str
    name: str
    created_at: str
    roles: list[str]
    preferences: dict[str, str]
    balance: int
    orders: list[Order] = []


def peers() -> list[Contender]:
    """Give the peers in the order of the table; the first is the baseline."""
    compact = json.JSONEncoder(separators=(",", ":")).encode
    to_json = msgspec.json.Encoder().encode
    to_msgpack = msgspec.msgpack.Encoder().encode
    return [
        _plain(JSON_BASELINE, lambda user: compact(user).encode(), json.loads),
        _plain("orjson", orjson.dumps, orjson.loads),
        Contender("msgspec JSON, Struct", _struct, to_json, msgspec.json.Decoder(PeerUser).decode, _user_of_struct),
        _plain("msgpack", msgpack.packb, msgpack.unpackb),
        _plain("ormsgpack", ormsgpack.packb, ormsgpack.unpackb),
        Contender(
            "msgspec MessagePack, Struct",
            _struct,
            to_msgpack,
            msgspec.msgpack.Decoder(PeerUser).decode,
            _user_of_struct,
        ),
        *_protobuf(),
    ]


def _plain(name: str, encode: Any, decode: Any) -> Contender:
    return Contender(name, lambda user: user, encode, decode, lambda decoded: decoded)


def _struct(user: User) -> PeerUser:
    return msgspec.convert(user, PeerUser)


def _user_of_struct(decoded: PeerUser) -> User:
    user: User = msgspec.to_builtins(decoded)
    return user


def _protobuf() -> list[Contender]:
    message: Any = user_message()

    def user_of_message(decoded: Any) -> User:
        return _user_of_struct(copy_out(decoded))

    def copy_in(user: PeerUser) -> bytes:
        # Setters: quicker than keywords of the constructor.
        built = message()
        built.id = user.id
        built.email = user.email
        built.name = user.name
        built.created_at = user.created_at
        built.roles.extend(user.roles)
        built.preferences.update(user.preferences)
        built.balance = user.balance
        add = built.orders.add
        for order in user.orders:
            one = add()
            one.order_id = order.order_id
            one.sku = order.sku
            one.qty = order.qty
            one.price_cents = order.price_cents
            one.placed_at = order.placed_at
            one.note = order.note
            one.gift = order.gift
        data: bytes = built.SerializeToString()
        return data

    def copy_out(decoded: Any) -> PeerUser:
        orders = [Order(o.order_id, o.sku, o.qty, o.price_cents, o.placed_at, o.note, o.gift) for o in decoded.orders]
        return PeerUser(
            decoded.id,
            decoded.email,
            decoded.name,
            decoded.created_at,
            list(decoded.roles),
            dict(decoded.preferences),
            decoded.balance,
            orders,
        )

    return [
        Contender(
            "protobuf upb, message with unread fields",
            lambda user: message(**user),
            lambda built: built.SerializeToString(),
            message.FromString,
            user_of_message,
        ),
        Contender(
            "protobuf upb, copied to and from a Struct",
            _struct,
            copy_in,
            lambda data: copy_out(message.FromString(data)),
            _user_of_struct,
        ),
    ]
