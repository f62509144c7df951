"""Every Redis key of one entry. This is the only place where one is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from cachepact._errors import CachepactError
from cachepact._key_param import ABSENT, decode_param, encode_param, param_attribute
from cachepact._log_key import LogKeys, log_keys, partition_of
from cachepact._namespace import key_prefix
from cachepact._record import EntityRecord, KeyLiteral, KeyParam

if TYPE_CHECKING:
    from collections.abc import Sequence

KEY_BYTES_MAX = 512
"""Limit of a whole key. Keys are ASCII."""


@dataclass(frozen=True, slots=True)
class EntryKeys:
    """The keys of one entry."""

    id: str
    """The encoded parameters joined by ``:``. Names the entry within its entity, in every generation."""
    value: str
    """The entry itself."""
    lease: str
    """The right to load or store."""
    floor: str
    """The highest version known committed."""
    writers: str
    """The writers that are active."""
    log: LogKeys | None
    """Keys of the entry's partition when the entity is written behind."""

    @property
    def script_keys(self) -> tuple[str, ...]:
        """KEYS of every read and write script."""
        keys = (self.value, self.lease, self.floor, self.writers)
        return keys if self.log is None else (*keys, self.log.dirty)

    @property
    def script_id(self) -> tuple[str, ...]:
        """The last ARGV of every read and write script: the id of an entity with a log, else nothing."""
        return () if self.log is None else (self.id,)


def entry_keys(record: EntityRecord, namespace: str, key: object, generation: int | None = None) -> EntryKeys:
    """Build the keys of an entry; ``generation`` is the record's unless another live one is meant.

    ``key`` is an object or mapping of the parameters. A write-behind entry carries its partition's tag as a segment,
    and its lease, floor and writers stand beside the stream, without a generation. Raises the errors of parameters,
    E_TOO_LONG for a whole key of more than 512 bytes, and E_OPTION for a bad namespace.
    """
    prefix = _prefix_of(record, namespace)
    params = _encode_params(record, key)
    entry_id = ":".join(params)
    name = prefix + _entity_name(record, record.generation if generation is None else generation)
    if record.log is not None:
        log = log_keys(record, namespace, partition_of(record, entry_id))
        value = _limited(record, ":".join((name, log.tag, *_path(record, params))))
        return EntryKeys(
            id=entry_id,
            value=value,
            lease=f"{log.tag}@lease:{entry_id}",
            floor=f"{log.tag}@floor:{entry_id}",
            writers=f"{log.tag}@writers:{entry_id}",
            log=log,
        )
    value = _limited(record, ":".join((name, *_path(record, params))))
    # Without a tag of its own the key becomes the tag, so that all of the entry's keys share a slot.
    tagged = any(isinstance(segment, KeyParam) and segment.hash_tag for segment in record.key)
    stem = value if tagged else f"{{{value}}}"
    return EntryKeys(
        id=entry_id, value=value, lease=f"{stem}@lease", floor=f"{stem}@floor", writers=f"{stem}@writers", log=None
    )


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


def _path(record: EntityRecord, params: Sequence[str]) -> list[str]:
    left = iter(params)
    path: list[str] = []
    for segment in record.key:
        if isinstance(segment, KeyLiteral):
            path.append(segment.text)
        else:
            param = next(left)
            path.append(f"{{{param}}}" if segment.hash_tag else param)
    return path


def _limited(record: EntityRecord, key: str) -> str:
    if len(key) > KEY_BYTES_MAX:
        raise CachepactError(
            "E_TOO_LONG",
            f"build a key of {record.entity}: found {len(key)} bytes of {KEY_BYTES_MAX}; shorten a parameter or use "
            "the SHA256 transform",
        )
    return key


def _is_canonical(param: KeyParam, value: object, text: str) -> bool:
    try:
        return encode_param(param, value) == text
    except CachepactError:
        return False


def _refuse_key(record: EntityRecord) -> NoReturn:
    raise CachepactError(
        "E_KEY", f"parse a key of {record.entity}: found text of another form; use the generated key builder"
    )
