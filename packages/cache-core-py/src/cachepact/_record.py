"""One entity of a lock file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class KeyParam:
    """A parameter of the key: ``{name}``, or ``{{name}}`` for the Cluster hash tag."""

    name: str
    type: str
    jstype_number: bool
    hash_tag: bool
    max_bytes: int
    transforms: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyLiteral:
    """A fixed segment of the key."""

    text: str


KeySegment = KeyLiteral | KeyParam


@dataclass(frozen=True, slots=True)
class Sliding:
    """Each use of an entry keeps it for ``idle_ms`` more, up to ``max_ms`` after it was made."""

    idle_ms: int
    max_ms: int


@dataclass(frozen=True, slots=True)
class EntityRecord:
    """One entity of a lock file, every default filled in: all that a runtime needs, the same for every language."""

    entity: str
    generation: int
    next_generation: int | None
    """Other live generations during a bump: writes and invalidations reach them too. None = none; 0 is one."""
    previous_generation: int | None
    codec: Literal["json", "msgpack", "protobuf"]
    framing: Literal["framed", "plain"]
    fingerprint: int
    """First 4 bytes of SHA-256 over the JCS form of the schema's IR, as an unsigned number."""
    key: tuple[KeySegment, ...]
    ttl_ms: int
    grace_ms: int
    negative_ttl_ms: int
    jitter_ratio: float
    sliding: Sliding | None
    early_refresh: bool
    max_payload_bytes: int
    consistency: Literal["eventual", "strong"]
    replica_reads: bool
    l1: bool
    version: str | None
    """Proto name of the version field, or None."""
    log: str | None
    """Name of the write-behind log, or None."""
    partitions: int
    schema: Mapping[str, Any]
    """The message as the lock file has it."""
    announced_payload_bytes: int | None = None
    """What readers accept already and a later release writes. None = ``max_payload_bytes``."""

    @property
    def generations(self) -> tuple[int, ...]:
        """Every live generation, the own one first: what a write or an invalidation must reach."""
        others = (self.previous_generation, self.next_generation)
        return (self.generation, *(other for other in others if other is not None and other != self.generation))

    @classmethod
    def load(cls, source: Mapping[str, Any]) -> EntityRecord:
        """Read the JSON form."""
        sliding = source["sliding"]
        return cls(
            entity=source["entity"],
            generation=source["generation"],
            next_generation=source["next_generation"],
            previous_generation=source["previous_generation"],
            codec=source["codec"],
            framing=source["framing"],
            fingerprint=int(source["fingerprint"], 16),
            key=tuple(_segment(segment) for segment in source["key"]),
            ttl_ms=source["ttl_ms"],
            grace_ms=source["grace_ms"],
            negative_ttl_ms=source["negative_ttl_ms"],
            jitter_ratio=source["jitter_ratio"],
            sliding=None if sliding is None else Sliding(sliding["idle_ms"], sliding["max_ms"]),
            early_refresh=source["early_refresh"],
            max_payload_bytes=source["max_payload_bytes"],
            consistency=source["consistency"],
            replica_reads=source["replica_reads"],
            l1=source["l1"],
            version=source["version"],
            log=source["log"],
            partitions=source["partitions"],
            schema=source["schema"],
            announced_payload_bytes=source.get("announced", {}).get("max_payload_bytes"),
        )


def _segment(source: Mapping[str, Any]) -> KeySegment:
    if "literal" in source:
        return KeyLiteral(source["literal"])
    return KeyParam(
        name=source["param"],
        type=source["type"],
        jstype_number=source.get("jstype") == "number",
        hash_tag=source.get("hash_tag", False),
        max_bytes=source["max_bytes"],
        transforms=tuple(source["transforms"]),
        values=tuple(source.get("values", ())),
    )
