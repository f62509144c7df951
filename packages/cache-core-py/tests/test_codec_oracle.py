"""Python's own libraries vote: every canonical value of the fixtures, written and read by them where they can."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgpack  # type: ignore[import-untyped]
import orjson
import ormsgpack
import pytest
from cachepact._codec import codec_by_name
from cachepact._schema import EnumType, Field, MessageType
from cachepact.testing import complete_neutral, from_neutral
from fixtures import golden, golden_lock, named, of_kind
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.internal import api_implementation

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.message import Message

LONG = frozenset({"int64", "uint64", "sint64"})
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CASES = of_kind("values", "canonical")


def parts_of(time: datetime) -> tuple[int, int]:
    """Seconds and nanos of a time, without a line of the code under test."""
    seconds, rest = divmod(time - EPOCH, timedelta(seconds=1))
    return seconds, rest.microseconds * 1000


def value_of(case: dict[str, Any]) -> Any:
    """The value as it comes back from its bytes."""
    entity = golden(case["entity"])
    return from_neutral(entity, complete_neutral(entity, case.get("decoded", case["value"])))


def plain(schema: MessageType, value: Any, scalar: Callable[[Field, Any], Any]) -> dict[str, Any]:
    """Dicts and lists for another library, fields in the order of their names and keys in that of their UTF-8."""

    def one(field: Field, item: Any) -> Any:
        return plain(field.type, item, scalar) if isinstance(field.type, MessageType) else scalar(field, item)

    members: dict[str, Any] = {}
    for field in sorted(schema.fields, key=lambda field: field.name):
        member = getattr(value, field.attribute)
        if member is None:
            continue
        if field.presence == "repeated":
            members[field.name] = [one(field, item) for item in member]
        elif field.presence == "map":
            members[field.name] = {key: one(field, member[key]) for key in sorted(member, key=str.encode)}
        else:
            members[field.name] = one(field, member)
    return members


def msgpack_scalar(field: Field, item: Any) -> Any:
    if field.type == "timestamp":
        return msgpack.Timestamp(*parts_of(item))
    if isinstance(field.type, EnumType):
        return int(item)
    return float(item) if field.type == "double" else item


@pytest.mark.parametrize("case", CASES, ids=named)
def test_msgpack_writes_and_reads_the_same(case: dict[str, Any]) -> None:
    schema = golden(case["entity"]).schema
    value = value_of(case)
    data = bytes(codec_by_name("msgpack").encode(schema, value))
    theirs = plain(schema, value, msgpack_scalar)
    assert msgpack.packb(theirs) == data
    assert msgpack.unpackb(data, raw=False, strict_map_key=True, timestamp=0) == theirs


def has_time(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(has_time, value.values()))
    return any(map(has_time, value)) if isinstance(value, list) else isinstance(value, msgpack.Timestamp)


def test_ormsgpack_writes_and_reads_the_same_where_there_are_no_times() -> None:
    compared = 0
    for case in CASES:
        schema, value = golden(case["entity"]).schema, value_of(case)
        theirs = plain(schema, value, msgpack_scalar)
        if has_time(theirs):
            continue
        data = bytes(codec_by_name("msgpack").encode(schema, value))
        assert ormsgpack.packb(theirs) == data, case["name"]
        assert ormsgpack.unpackb(data) == theirs, case["name"]
        compared += 1
    assert compared > 150


def json_scalar(field: Field, item: Any) -> Any:
    if field.type in LONG:
        return item if field.jstype_number else str(item)
    if isinstance(field.type, EnumType):
        known: dict[int, str] = {number: name for name, number in field.type.values.items()}
        return known.get(int(item), int(item))
    if field.type == "bytes":
        return base64.b64encode(item).decode()
    if field.type == "timestamp":
        whole = f"{item.year:04d}-{item:%m-%dT%H:%M:%S}"
        return f"{whole}.{item.microsecond // 1000:03d}Z" if item.microsecond else f"{whole}Z"
    return float(item) if field.type == "double" else item


@pytest.mark.parametrize("case", CASES, ids=named)
def test_json_of_the_standard_library_and_orjson_read_the_same(case: dict[str, Any]) -> None:
    schema, value = golden(case["entity"]).schema, value_of(case)
    data = bytes(codec_by_name("json").encode(schema, value))
    expected = plain(schema, value, json_scalar)
    # Digits beyond 2^53 are of a double, of which Python would make a longer integer.
    assert json.loads(data, parse_int=lambda digits: int(digits) if len(digits) < 17 else float(digits)) == expected
    assert orjson.loads(data) == expected


def astral_or_double(value: Any) -> bool:
    """Whether orjson's own order of keys, or its numbers, are not those of RFC 8785."""
    if isinstance(value, dict):
        return any(key > "\ud7ff" for key in value) or any(map(astral_or_double, value.values()))
    return any(map(astral_or_double, value)) if isinstance(value, list) else isinstance(value, float)


def test_orjson_writes_the_same_where_its_rules_are_those_of_rfc_8785() -> None:
    compared = 0
    for case in CASES:
        schema, value = golden(case["entity"]).schema, value_of(case)
        theirs = plain(schema, value, json_scalar)
        if astral_or_double(theirs):
            continue
        data = bytes(codec_by_name("json").encode(schema, value))
        assert orjson.dumps(theirs, option=orjson.OPT_SORT_KEYS) == data, case["name"]
        compared += 1
    assert compared > 100


PROTO_TYPES = {
    name: getattr(descriptor_pb2.FieldDescriptorProto, f"TYPE_{name.upper()}")
    for name in ("int32", "uint32", "sint32", "int64", "uint64", "sint64", "bool", "string", "bytes", "double")
}


class Classes:
    """Message classes of Google's runtime for the golden contract, made from its lock."""

    def __init__(self) -> None:
        self._file = descriptor_pb2.FileDescriptorProto(name="oracle.proto", package="oracle", syntax="proto3")
        self._names: dict[str, str] = {}
        for name in golden_lock()["entities"]:
            self._message(golden(name).schema)
        pool = descriptor_pool.DescriptorPool()
        pool.Add(self._file)
        self._classes = {
            message: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"oracle.{name}"))
            for message, name in self._names.items()
        }

    def of(self, schema: MessageType) -> type[Message]:
        return self._classes[schema.name]

    def _message(self, schema: MessageType) -> str:
        if schema.name in self._names:
            return self._names[schema.name]
        name = self._names[schema.name] = f"M{len(self._names)}"
        message = descriptor_pb2.DescriptorProto(name=name)
        for field in schema.fields:
            self._field(message, field)
        self._file.message_type.append(message)
        return name

    def _field(self, message: descriptor_pb2.DescriptorProto, field: Field) -> None:
        label = "LABEL_REPEATED" if field.presence in {"repeated", "map"} else "LABEL_OPTIONAL"
        target = message.field.add(
            name=field.name, number=field.number, label=getattr(descriptor_pb2.FieldDescriptorProto, label)
        )
        if field.presence == "map":
            entry = message.nested_type.add(name="".join(map(str.capitalize, field.name.split("_"))) + "Entry")
            entry.options.map_entry = True
            optional = descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL
            entry.field.add(name="key", number=1, label=optional, type=PROTO_TYPES["string"])
            self._type(entry.field.add(name="value", number=2, label=optional), field)
            target.type = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE
            target.type_name = f".oracle.{message.name}.{entry.name}"
            return
        self._type(target, field)
        if field.presence == "optional" and target.type != descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE:
            target.proto3_optional = True
            target.oneof_index = len(message.oneof_decl)
            message.oneof_decl.add(name=f"_{field.name}")

    def _type(self, target: descriptor_pb2.FieldDescriptorProto, field: Field) -> None:
        if isinstance(field.type, EnumType):
            # An open enum of proto3 is an int32 on the wire.
            target.type = descriptor_pb2.FieldDescriptorProto.TYPE_INT32
        elif isinstance(field.type, MessageType) or field.type == "timestamp":
            target.type = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE
            name = self._message(field.type) if isinstance(field.type, MessageType) else self._time()
            target.type_name = f".oracle.{name}"
        else:
            target.type = PROTO_TYPES[field.type]

    def _time(self) -> str:
        if "timestamp" not in self._names:
            self._names["timestamp"] = "Time"
            message = self._file.message_type.add(name="Time")
            optional = descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL
            message.field.add(name="seconds", number=1, label=optional, type=PROTO_TYPES["int64"])
            message.field.add(name="nanos", number=2, label=optional, type=PROTO_TYPES["int32"])
        return "Time"


CLASSES = Classes()


def fill(message: Any, schema: MessageType, value: Any) -> None:
    """Set the fields of a message of Google's runtime."""
    for field in schema.fields:
        member = getattr(value, field.attribute)
        if member is None:
            continue
        target = getattr(message, field.name)
        composite = isinstance(field.type, MessageType) or field.type == "timestamp"
        if field.presence == "repeated":
            for item in member:
                if composite:
                    fill_one(target.add(), field, item)
                else:
                    target.append(item)
        elif field.presence == "map":
            for key, item in member.items():
                if composite:
                    fill_one(target[key], field, item)
                else:
                    target[key] = item
        elif composite:
            fill_one(target, field, member)
        else:
            setattr(message, field.name, member)


def fill_one(message: Any, field: Field, value: Any) -> None:
    message.SetInParent()
    if isinstance(field.type, MessageType):
        fill(message, field.type, value)
    else:
        message.seconds, message.nanos = parts_of(value)


def is_prefix_free(value: Any) -> bool:
    """Whether upb's deterministic order of maps is that of bytes: no key begins the next."""
    if isinstance(value, list):
        return all(map(is_prefix_free, value))
    if not isinstance(value, dict):
        return True
    keys = list(value)
    return not any(after.startswith(before) for before, after in pairwise(keys)) and all(
        map(is_prefix_free, value.values())
    )


def test_googles_runtime_is_upb() -> None:
    assert api_implementation.Type() == "upb"


@pytest.mark.parametrize("case", CASES, ids=named)
def test_googles_runtime_writes_and_reads_the_same(case: dict[str, Any]) -> None:
    schema, value = golden(case["entity"]).schema, value_of(case)
    data = bytes(codec_by_name("protobuf").encode(schema, value))
    message = CLASSES.of(schema)()
    fill(message, schema, value)
    read = CLASSES.of(schema)()
    read.ParseFromString(data)
    assert read == message
    theirs = message.SerializeToString(deterministic=True)
    # The names of a message begin each other as the keys of a map do, but stand in a message.
    maps = plain(schema, value, lambda _, item: None)
    if all(is_prefix_free(member) for member in maps.values()):
        assert theirs == data
    else:
        assert sorted(theirs) == sorted(data)
        assert codec_by_name("protobuf").decode(schema, theirs, "lenient") == value
