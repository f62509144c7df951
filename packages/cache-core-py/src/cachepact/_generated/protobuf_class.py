"""Message classes of the Protobuf library for a schema, in a pool of their own.

In the library's default pool a message of this contract could clash with one of another package. Their names never
reach the wire, nor does more of their types than how they are written: an enum is an int32, a map a repeated message of
key and value, so that the order of its entries is ours. (The library's own deterministic order of a map puts a key
before its own prefix.)
"""

from __future__ import annotations

from typing import Any

from cachepact._schema import EnumType, Field, MessageType

_PACKAGE = "cachepact"
_TIME = "Time"
# Numbers of google.protobuf.FieldDescriptorProto.
_OPTIONAL, _REPEATED = 1, 3
_INT64, _INT32, _MESSAGE = 3, 5, 11
_TYPES = {
    "double": 1,
    "int64": 3,
    "uint64": 4,
    "int32": 5,
    "bool": 8,
    "string": 9,
    "bytes": 12,
    "uint32": 13,
    "sint32": 17,
    "sint64": 18,
}


def protobuf_class(schema: MessageType) -> Any | None:
    """Make the class of a schema's messages; None without the library, or with its implementation in Python.

    Fields are named by the attributes of the value.
    """
    try:
        from google.protobuf.descriptor_pb2 import FileDescriptorProto  # noqa: PLC0415
        from google.protobuf.descriptor_pool import DescriptorPool  # noqa: PLC0415
        from google.protobuf.internal.api_implementation import Type  # noqa: PLC0415
        from google.protobuf.message_factory import GetMessageClass  # noqa: PLC0415
    except ImportError:
        return None
    # The implementation in Python is no faster than the interpreter; that in C++ was never measured.
    if Type() != "upb":
        return None
    file = FileDescriptorProto(name="cachepact.proto", package=_PACKAGE, syntax="proto3")
    name = _Messages(file).add(schema)
    pool = DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


class _Messages:
    def __init__(self, file: Any) -> None:
        self._file = file
        self._names: dict[str, str] = {}

    def add(self, schema: MessageType) -> str:
        """Add a message and those that it holds, once each; give its name."""
        known = self._names.get(schema.name)
        if known is not None:
            return known
        name = self._names[schema.name] = f"Message{len(self._names)}"
        message = self._file.message_type.add(name=name)
        for field in schema.fields:
            self._add_field(message, field)
        return name

    def _add_field(self, message: Any, field: Field) -> None:
        if field.presence == "map":
            entry = f"{message.name}Entry{field.number}"
            self._add_entry(entry, field)
            self._add_message(message, field.attribute, field.number, entry).label = _REPEATED
            return
        added = self._add_single(message, field.attribute, field.number, field)
        if field.presence == "repeated":
            added.label = _REPEATED
        elif field.presence == "optional":
            _be_present(message, added)

    def _add_entry(self, name: str, field: Field) -> None:
        entry = self._file.message_type.add(name=name)
        # Key and value are written even when they are defaults.
        _be_present(entry, entry.field.add(name="key", number=1, label=_OPTIONAL, type=_TYPES["string"]))
        _be_present(entry, self._add_single(entry, "value", 2, field))

    def _add_single(self, message: Any, name: str, number: int, field: Field) -> Any:
        if isinstance(field.type, MessageType):
            return self._add_message(message, name, number, self.add(field.type))
        if field.type == "timestamp":
            return self._add_message(message, name, number, self._time())
        kind = _INT32 if isinstance(field.type, EnumType) else _TYPES[field.type]
        return message.field.add(name=name, number=number, label=_OPTIONAL, type=kind)

    def _add_message(self, message: Any, name: str, number: int, other: str) -> Any:
        return message.field.add(
            name=name,
            number=number,
            label=_OPTIONAL,
            type=_MESSAGE,
            type_name=f".{_PACKAGE}.{other}",
        )

    def _time(self) -> str:
        if _TIME not in self._names:
            self._names[_TIME] = _TIME
            message = self._file.message_type.add(name=_TIME)
            message.field.add(name="seconds", number=1, label=_OPTIONAL, type=_INT64)
            message.field.add(name="nanos", number=2, label=_OPTIONAL, type=_INT32)
        return _TIME


def _be_present(message: Any, field: Any) -> None:
    """Give a scalar a presence of its own, as ``optional`` does in a proto file; a message has one anyway."""
    if field.type == _MESSAGE:
        return
    field.proto3_optional = True
    field.oneof_index = len(message.oneof_decl)
    message.oneof_decl.add(name=f"_{field.name}")
