"""Entities of the contract with other numbers, for tests that cannot wait for the real ones."""

from __future__ import annotations

import dataclasses
from typing import Any

from cachepact import Entity


def variant(declared: Any, **changes: Any) -> Entity[Any, Any]:
    entity: Entity[Any, Any] = declared.__cachepact__
    return Entity(dataclasses.replace(entity.record, **changes), entity.schema, entity.key_type)
