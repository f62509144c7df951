"""How a cache is told which entity is meant: by the generated class of its values."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from cachepact._entity import Entity
from cachepact._errors import CachepactError

K = TypeVar("K")
V = TypeVar("V")


class Declared(Protocol[K, V]):
    """A class that generated code has bound to its entity."""

    @property
    def __cachepact__(self) -> Entity[K, V]:
        """The entity."""
        ...


def entity_of(declared: object) -> Entity[Any, Any]:
    """Find the entity of a generated class; an entity stands for itself. E_OPTION for anything else."""
    found = declared if isinstance(declared, Entity) else getattr(declared, "__cachepact__", None)
    if not isinstance(found, Entity):
        raise CachepactError(
            "E_OPTION",
            "an entity is needed, or a class that cachepact generate has made: found "
            f"{getattr(declared, '__name__', type(declared).__name__)}",
        )
    return found
