"""Every Redis key of one entry. This is the only place where one is built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from msgspec import Struct

from cachepact._errors import CachepactError
from cachepact._key_param import ABSENT, decode_param, encode_param, param_attribute, param_encoder
from cachepact._log_key import LogKeys, log_keys, partition_of
from cachepact._namespace import key_prefix
from cachepact._record import EntityRecord, KeyLiteral, KeyParam

KEY_BYTES_MAX = 512
"""Limit of a whole key. Keys are ASCII."""


class EntryKeys(Struct, frozen=True):
    """The keys of one entry."""

    id: str
    """The encoded parameters joined by ``:``. Names the entry within its entity, in every generation."""
    value: str
    """The entry itself."""
    log: LogKeys | None
    """Keys of the entry's partition when the entity is written behind."""
    tagged: bool
    """Whether a parameter is the hash tag."""

    @property
    def lease(self) -> str:
        """The right to load or store."""
        return self._auxiliary("lease")

    @property
    def floor(self) -> str:
        """The highest version known committed."""
        return self._auxiliary("floor")

    @property
    def writers(self) -> str:
        """The writers that are active."""
        return self._auxiliary("writers")

    @property
    def script_keys(self) -> tuple[str, ...]:
        """KEYS of every read and write script."""
        keys = (self.value, self.lease, self.floor, self.writers)
        return keys if self.log is None else (*keys, self.log.dirty)

    @property
    def script_id(self) -> tuple[str, ...]:
        """The last ARGV of every read and write script: the id of an entity with a log, else nothing."""
        return () if self.log is None else (self.id,)

    def _auxiliary(self, word: str) -> str:
        if self.log is not None:
            # Beside the stream, and without a generation.
            return f"{self.log.tag}@{word}:{self.id}"
        # Without a tag of its own the key becomes the tag, so that all of the entry's keys share a slot.
        return f"{self.value}@{word}" if self.tagged else f"{{{self.value}}}@{word}"


class KeyBuilder:
    """Builds the keys of one entity in one generation; what does not depend on the row is worked out once.

    ``generation`` is the record's unless another live one is meant. E_OPTION for a bad namespace.
    """

    def __init__(self, record: EntityRecord, namespace: str, generation: int | None = None) -> None:
        self._record = record
        self._namespace = namespace
        name = _prefix_of(record, namespace) + _entity_name(
            record, record.generation if generation is None else generation
        )
        params = [segment for segment in record.key if isinstance(segment, KeyParam)]
        self._params = tuple((param_attribute(param), param_encoder(param)) for param in params)
        self._tagged = any(param.hash_tag for param in params)
        self._name = name
        # Literals hold no percent sign.
        self._path = "".join(
            f":{segment.text}" if isinstance(segment, KeyLiteral) else ":{%s}" if segment.hash_tag else ":%s"
            for segment in record.key
        )
        self._logs: dict[int, LogKeys] = {}

    def build(self, key: object) -> EntryKeys:
        """Build the keys of an entry; ``key`` is an object or mapping of the parameters.

        A write-behind entry carries its partition's tag as a segment, and its lease, floor and writers stand beside the
        stream. Raises the errors of parameters, and E_TOO_LONG for a whole key of more than 512 bytes.
        """
        texts = self._encode(key)
        entry_id = texts[0] if len(texts) == 1 else ":".join(texts)
        path = self._path % texts
        if self._record.log is None:
            log, value = None, self._name + path
        else:
            log = self._log_of(entry_id)
            value = f"{self._name}:{log.tag}{path}"
        if len(value) > KEY_BYTES_MAX:
            raise CachepactError(
                "E_TOO_LONG",
                f"build a key of {self._record.entity}: found {len(value)} bytes of {KEY_BYTES_MAX}; shorten a "
                "parameter or use the SHA256 transform",
            )
        return EntryKeys(entry_id, value, log, self._tagged)

    def _encode(self, key: object) -> tuple[str, ...]:
        if isinstance(key, Mapping):
            return tuple([encode(key.get(name, ABSENT)) for name, encode in self._params])
        return tuple([encode(getattr(key, name, ABSENT)) for name, encode in self._params])

    def _log_of(self, entry_id: str) -> LogKeys:
        partition = partition_of(self._record, entry_id)
        log = self._logs.get(partition)
        if log is None:
            log = self._logs[partition] = log_keys(self._record, self._namespace, partition)
        return log


def entry_keys(record: EntityRecord, namespace: str, key: object, generation: int | None = None) -> EntryKeys:
    """Build the keys of one entry, see ``KeyBuilder``."""
    return KeyBuilder(record, namespace, generation).build(key)


def id_of(record: EntityRecord, key: object) -> str:
    """Build ``EntryKeys.id`` alone."""
    return ":".join(_encode_params(record, key))


def key_from_id(record: EntityRecord, entry_id: str) -> dict[str, Any]:
    """Read the parameters of an id. E_KEY when the text is none of this entity, or holds a digest."""
    params = [segment for segment in record.key if isinstance(segment, KeyParam)]
    texts = entry_id.split(":") if params or entry_id else []
    if len(texts) != len(params):
        _refuse_key(record)
    found: dict[str, Any] = {}
    for param, text in zip(params, texts, strict=True):
        value = decode_param(param, text)
        if value is None or not _is_canonical(param, value, text):
            _refuse_key(record)
        found[param_attribute(param)] = value
    return found


def parse_key(record: EntityRecord, namespace: str, text: str) -> dict[str, Any]:
    """Read the parameters that ``entry_keys`` built a value key from. E_KEY when it is none of this entity."""
    name = _prefix_of(record, namespace) + _entity_name(record, record.generation)
    rest = text.split(":")[name.count(":") + 1 + (record.log is not None) :]
    if len(rest) < len(record.key):
        _refuse_key(record)
    params: list[str] = []
    for segment, found in zip(record.key, rest, strict=False):
        if isinstance(segment, KeyParam):
            params.append(found[1:-1] if segment.hash_tag else found)
    key = key_from_id(record, ":".join(params))
    # What was skipped above is compared here: prefix, name, generation, tag, literals, the number of segments.
    if entry_keys(record, namespace, key).value != text:
        _refuse_key(record)
    return key


def _prefix_of(record: EntityRecord, namespace: str) -> str:
    prefix = key_prefix(namespace)
    if namespace == record.entity:
        raise CachepactError("E_OPTION", f"use namespace {namespace}: found an entity of that name; choose another")
    return prefix


def _entity_name(record: EntityRecord, generation: int) -> str:
    return f"{record.entity}@{generation}" if generation else record.entity


def _encode_params(record: EntityRecord, key: object) -> list[str]:
    params = (segment for segment in record.key if isinstance(segment, KeyParam))
    if isinstance(key, Mapping):
        return [encode_param(param, key.get(param_attribute(param), ABSENT)) for param in params]
    return [encode_param(param, getattr(key, param_attribute(param), ABSENT)) for param in params]


def _is_canonical(param: KeyParam, value: object, text: str) -> bool:
    try:
        return encode_param(param, value) == text
    except CachepactError:
        return False


def _refuse_key(record: EntityRecord) -> NoReturn:
    raise CachepactError(
        "E_KEY", f"parse a key of {record.entity}: found text of another form; use the generated key builder"
    )
