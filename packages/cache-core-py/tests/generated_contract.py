"""The golden contract and the shapes of tests/proto, as `cachepact generate` writes them, imported."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cachepact import Entity
from fixtures import FOLDER, REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGE = "generated_for_tests"
_PROTOS = (FOLDER / "contract" / "proto", Path(__file__).parent / "proto")


@dataclass(frozen=True)
class GeneratedContract:
    folder: Path
    """Where the package lies."""
    entities: Mapping[str, Entity[Any, Any]]


def generate(folder: Path) -> GeneratedContract:
    for source in _PROTOS:
        shutil.copytree(source, folder / "proto", dirs_exist_ok=True)
    config = folder / "cachepact.json"
    config.write_text(json.dumps({"protos": ["proto"], "lock": "contracts.lock.json", "python": {"out": PACKAGE}}))
    command = (
        str(REPOSITORY / "node_modules" / ".bin" / "node"),
        "--conditions=@cachepact/source",
        str(REPOSITORY / "packages" / "cli" / "src" / "main.ts"),
        "generate",
        "--config",
        str(config),
    )
    subprocess.run(command, check=True, stdout=subprocess.PIPE)
    sys.path.insert(0, str(folder))
    package = importlib.import_module(PACKAGE)
    declared = (getattr(getattr(package, name), "__cachepact__", None) for name in package.__all__)
    entities = {entity.record.entity: entity for entity in declared if isinstance(entity, Entity)}
    return GeneratedContract(folder, entities)
