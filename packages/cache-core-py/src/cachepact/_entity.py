"""An entity: its record bound to the classes of its values and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import msgspec

from cachepact._codec import decode_payload, encode_payload
from cachepact._codecs.notes import DecodeNotes
from cachepact._errors import CachepactError
from cachepact._generated.coders import Coders
from cachepact._key import id_of
from cachepact._key_param import param_attribute
from cachepact._record import EntityRecord, KeyParam
from cachepact._refusal import refuse_decode
from cachepact._schema import SAFE_INTEGER, MessageType, message_type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cachepact._codecs.payload import Payload
    from cachepact._generated.generated_codec import GeneratedCodec

K = TypeVar("K")
V = TypeVar("V")


class Entity(Generic[K, V]):
    """One kind of cached thing. Generated code makes one with ``define_entity``; values and keys are its classes."""

    __slots__ = ("bound", "generated", "key_type", "record", "schema", "value_type")

    record: EntityRecord
    schema: MessageType
    value_type: type[V]
    key_type: type[K]
    generated: Coders[V]
    bound: tuple[tuple[KeyParam, str | None], ...]
    """The parameters of the key, each with the attribute of a value that must agree with it; None = no field has it."""

    def __init__(
        self,
        record: EntityRecord,
        schema: MessageType,
        key_type: type[K],
        generated: Callable[[], GeneratedCodec[V]] | None = None,
    ) -> None:
        self.generated = Coders(schema, generated)
        self.record = record
        self.schema = schema
        self.value_type = schema.value_type
        self.key_type = key_type
        params = (segment for segment in record.key if isinstance(segment, KeyParam))
        self.bound = tuple(
            (param, param_attribute(param) if param.name in schema.by_name else None) for param in params
        )

    def __repr__(self) -> str:
        return f"Entity({self.record.entity}@{self.record.generation})"

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Entity[Any, Any]:
        """Make an entity, and classes for its values and keys, from a lock file alone."""
        loaded = EntityRecord.load(record)
        params = [param_attribute(segment) for segment in loaded.key if isinstance(segment, KeyParam)]
        key_type = msgspec.defstruct(
            f"{record['schema']['message'].rpartition('.')[2]}Key",
            [(name, object) for name in params],
            frozen=True,
            kw_only=True,
        )
        return Entity(loaded, message_type(loaded.schema), key_type)

    def to_json(self, value: V) -> str:
        """Write the canonical JSON of a value, whatever codec its entries have.

        Raises E_TYPE, E_RANGE, E_FLOAT, E_SURROGATE or E_MISSING.
        """
        return encode_payload(self, "json", value).data.decode()

    def from_json(self, text: str | bytes) -> V:
        """Read a value from JSON, leniently; but unknown enum names are refused, because the text comes from outside.

        The text's size is the caller's to limit. Raises what a codec's ``decode`` raises.
        """
        try:
            data = text.encode() if isinstance(text, str) else text
        except UnicodeEncodeError:
            raise refuse_decode("E_SURROGATE", "", "found half of a surrogate pair") from None
        notes = DecodeNotes()
        value = decode_payload(self, "json", data, "lenient", notes=notes)
        if notes.unknown_enum_name:
            raise refuse_decode("E_TYPE", "", "found a name that its enum does not have")
        return cast("V", value)

    def check(self, value: V) -> None:
        """Raise what writing an entry of this value would: also E_SIZE."""
        self.encode_payload(value)

    def key_of(self, value: V) -> K:
        """Find the key under which a value lies: its fields that are parameters of the key. E_MISSING without one."""
        found: dict[str, Any] = {}
        for segment in self.record.key:
            if isinstance(segment, KeyParam):
                member = getattr(value, param_attribute(segment), None)
                if member is None:
                    raise CachepactError(
                        "E_MISSING",
                        f"find the key of a {self.record.entity}: found no {segment.name}; pass it",
                        field=segment.name,
                    )
                found[param_attribute(segment)] = member
        return self.key_type(**found)

    def id_of(self, key: K) -> str:
        """Give the encoded parameters of a key joined by ``:``: ``42``, ``acme:a%3Ab``.

        The worker of write-behind writes it into the column ``id`` of the entity's table; a loader looks rows up by it.
        Raises E_TYPE, E_RANGE, E_EMPTY, E_SURROGATE or E_TOO_LONG.
        """
        return id_of(self.record, key)

    def version_of(self, value: V) -> int:
        """Take the version from a value's own field; 0 when the entity has none. E_RANGE outside 0 to 2^53-1."""
        if self.record.version is None:
            return 0
        version = getattr(value, self.schema.by_name[self.record.version].attribute, None)
        if version is None:
            return 0
        if isinstance(version, int) and not isinstance(version, bool) and 0 <= version <= SAFE_INTEGER:
            return version
        raise CachepactError(
            "E_RANGE",
            f"take the version of a {self.record.entity}: found none from 0 to 2^53-1; check the row",
            field=self.record.version,
        )

    def encode_payload(self, value: V) -> Payload:
        """Encode a value by the entity's own codec. E_SIZE above ``max_payload_bytes``."""
        payload = encode_payload(self, self.record.codec, value)
        self.limit_size(len(payload))
        return payload

    def limit_size(self, size: int) -> None:
        """Raise E_SIZE for a payload above ``max_payload_bytes``."""
        self._limit(size, self.record.max_payload_bytes)

    def limit_read_size(self, size: int) -> None:
        """Raise E_SIZE for a stored payload that is too large: readers take an announced limit before its writers."""
        announced = self.record.announced_payload_bytes
        self._limit(size, self.record.max_payload_bytes if announced is None else announced)

    def _limit(self, size: int, limit: int) -> None:
        if size > limit:
            raise CachepactError(
                "E_SIZE",
                f"hold a {self.record.entity}: found {size} bytes of {limit}; store less, or "
                "raise max_payload_bytes after every reader has it",
            )


def define_entity(
    record: Mapping[str, Any],
    value_type: type[V],
    key_type: type[K],
    generated: Callable[[], GeneratedCodec[V]] | None = None,
) -> Entity[K, V]:
    """Bind a record of a lock file to generated classes, and to the codec that was generated with them.

    ``generated`` is called when a value is first written or read.
    E_OPTION when a class lacks a field of the record, which means that the two are not of one `cachepact generate`.
    """
    loaded = EntityRecord.load(record)
    return Entity(loaded, message_type(loaded.schema, value_type), key_type, generated)
