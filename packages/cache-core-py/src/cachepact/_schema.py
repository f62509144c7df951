"""What a lock file says about an entity, and how its messages map onto Python classes."""

from __future__ import annotations

import enum
import keyword
import types
import typing
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, cast

import msgspec

from cachepact._errors import CachepactError
from cachepact._timestamp import EPOCH

if typing.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ScalarName = Literal[
    "int32",
    "uint32",
    "sint32",
    "int64",
    "uint64",
    "sint64",
    "bool",
    "string",
    "bytes",
    "double",
    "timestamp",
]
Presence = Literal["implicit", "optional", "repeated", "map"]

SAFE_INTEGER = 2**53 - 1
"""The largest integer that every language holds exactly as a number."""

INTEGER_RANGES: Mapping[str, tuple[int, int]] = {
    "int32": (-(2**31), 2**31 - 1),
    "sint32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "sint64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}


@dataclass(frozen=True, eq=False)
class EnumType:
    """An enum: its proto name, its numbers by name, and the class that known numbers become."""

    name: str
    values: Mapping[str, int]
    value_type: type[enum.IntEnum] | None

    @cached_property
    def names(self) -> Mapping[int, str]:
        """The canonical name of each number: of two the first in name order, whatever the order of the lock file."""
        return {self.values[name]: name for name in sorted(self.values, reverse=True)}

    def member(self, number: int) -> int:
        """Give the number as a member of its class when it is a known one; unknown numbers are legal and stay ints."""
        if self.value_type is None or number not in self.names:
            return number
        return self.value_type(number)


@dataclass(frozen=True, eq=False)
class Field:
    """One field of a message."""

    name: str
    number: int
    presence: Presence
    type: FieldType
    jstype_number: bool
    required: bool
    pii: bool

    @cached_property
    def attribute(self) -> str:
        """The name of the Python attribute."""
        return attribute_name(self.name)

    @cached_property
    def bounds(self) -> tuple[int, int]:
        """The least and greatest integer of the field."""
        low, high = INTEGER_RANGES["int32" if isinstance(self.type, EnumType) else cast("str", self.type)]
        # JS_NUMBER limits a 64-bit field in every language to what each one holds exactly as a number.
        return (max(low, -SAFE_INTEGER), min(high, SAFE_INTEGER)) if self.jstype_number else (low, high)

    @cached_property
    def range_name(self) -> str:
        """The range in words."""
        if isinstance(self.type, EnumType):
            return "int32"
        return f"{self.type} within +-(2^53-1)" if self.jstype_number else str(self.type)


@dataclass(frozen=True, eq=False)
class MessageType:
    """A message: its proto name, its fields by ascending number, and the class of its values."""

    name: str
    fields: tuple[Field, ...]
    value_type: type[Any]

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The fields by proto name."""
        return {field.name: field for field in self.fields}

    @cached_property
    def by_number(self) -> Mapping[int, Field]:
        """The fields by number."""
        return {field.number: field for field in self.fields}

    @cached_property
    def name_order(self) -> tuple[Field, ...]:
        """The fields in the order of their names, which is their order in JSON and MessagePack."""
        return tuple(sorted(self.fields, key=lambda field: field.name))


FieldType = ScalarName | EnumType | MessageType


_CLASS_NAMES = frozenset(("classmethod", "cls", "key"))


def attribute_name(name: str) -> str:
    """Name the attribute of a field or key parameter, as the compiler does.

    A keyword, and what the generated class of an entity uses itself, gets a trailing underscore.
    """
    return f"{name}_" if keyword.iskeyword(name) or name in _CLASS_NAMES else name


def message_type(schema: Mapping[str, Any], value_type: type[Any] | None = None) -> MessageType:
    """Read a message of a lock file and bind it to a class, or to one made here when there is none."""
    hints = typing.get_type_hints(value_type) if value_type is not None else {}
    fields = []
    for entry in schema["fields"]:
        attribute = attribute_name(entry["name"])
        if value_type is not None and attribute not in hints:
            raise CachepactError(
                "E_OPTION",
                f"cannot bind {schema['message']} to {value_type.__name__}: it has no attribute {attribute}; "
                "run cachepact generate",
            )
        fields.append(
            Field(
                name=entry["name"],
                number=entry["number"],
                presence=entry["presence"],
                type=_field_type(entry["type"], hints.get(attribute)),
                jstype_number=entry.get("jstype") == "number",
                required=entry.get("required", False),
                pii=entry.get("pii", False),
            )
        )
    ordered = tuple(fields)
    return MessageType(schema["message"], ordered, value_type or _make_class(schema["message"], ordered))


def _field_type(source: str | Mapping[str, Any], hint: object) -> FieldType:
    if isinstance(source, str):
        return cast("ScalarName", source)
    if "enum" in source:
        return EnumType(source["enum"], source["values"], _find(hint, enum.IntEnum))
    return message_type(source, _find(hint, msgspec.Struct))


def _find(hint: object, base: type[Any]) -> type[Any] | None:
    """Find the first subclass of ``base`` inside a type hint such as ``dict[str, Address] | None``."""
    if isinstance(hint, type) and not isinstance(hint, types.GenericAlias) and issubclass(hint, base):
        return hint
    return next((found for part in typing.get_args(hint) if (found := _find(part, base)) is not None), None)


def _make_class(message: str, fields: Sequence[Field]) -> type[Any]:
    return msgspec.defstruct(
        message.rpartition(".")[2],
        [_member(field) for field in sorted(fields, key=lambda field: field.name)],
        frozen=True,
        kw_only=True,
    )


def _member(field: Field) -> tuple[str, object] | tuple[str, object, object]:
    if field.presence == "repeated":
        return (field.attribute, list, msgspec.field(default_factory=list))
    if field.presence == "map":
        return (field.attribute, dict, msgspec.field(default_factory=dict))
    if field.required:
        return (field.attribute, object)
    return (field.attribute, object, None if field.presence == "optional" else default_of(field))


def default_of(field: Field) -> object:
    """Give the value of an implicit field that is absent, or of a map's entry without one."""
    if isinstance(field.type, EnumType):
        return field.type.member(0)
    if field.type == "string":
        return ""
    if field.type == "bytes":
        return b""
    if field.type == "bool":
        return False
    if field.type == "timestamp":
        return EPOCH
    return 0.0 if field.type == "double" else 0
