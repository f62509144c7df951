"""The coders of an entity, made when the first is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cachepact._generated.generated_codec import CodecName, Coder

if TYPE_CHECKING:
    from collections.abc import Callable

    from cachepact._generated.generated_codec import GeneratedCodec
    from cachepact._schema import MessageType

V = TypeVar("V")


class Coders(dict[CodecName, Coder[V] | None]):
    """Coder by codec; None where the interpreter does all. A dict, because each read and write of an entry asks it."""

    __slots__ = ("_load", "_schema")

    def __init__(self, schema: MessageType, load: Callable[[], GeneratedCodec[V]] | None) -> None:
        """Take what loads the generated module. None = the entity has none: it was made from a lock file."""
        super().__init__()
        self._schema = schema
        self._load = load

    def __missing__(self, codec: CodecName) -> Coder[V] | None:
        found: dict[CodecName, Coder[V]] = {} if self._load is None else dict(self._load().coders(self._schema))
        for name in ("json", "msgpack", "protobuf"):
            self[name] = found.get(name)
        return self.get(codec)
