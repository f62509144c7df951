from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from run_size import SEED
from typescript_testee import REPOSITORY, TypeScriptTestee

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

settings.register_profile("repository", deadline=None, database=None, suppress_health_check=list(HealthCheck))
settings.load_profile("repository")


def pytest_report_header() -> str:
    return f"random tests from seed {SEED}: CACHEPACT_SEED={SEED} repeats them"


@pytest.fixture(scope="session")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The golden contract, generated for both languages, outside this repository."""
    folder: Path = tmp_path_factory.mktemp("contract")
    shutil.copytree(REPOSITORY / "packages/wire/fixtures/contract/proto", folder / "proto")
    config: dict[str, Any] = {
        "protos": ["proto"],
        "lock": "contracts.lock.json",
        "typescript": {"out": "src/gen"},
        "python": {"out": "python/golden_contracts"},
    }
    (folder / "cachepact.json").write_text(json.dumps(config), "utf-8")
    node = str(REPOSITORY / "node_modules/.bin/node")
    command = [node, "--conditions=@cachepact/source", "--disable-warning=ExperimentalWarning"]
    main = REPOSITORY / "packages/cli/src/main.ts"
    subprocess.run(
        [*command, str(main), "generate", "--config", str(folder / "cachepact.json")],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return folder


@pytest.fixture(scope="session")
def typescript(contract: Path) -> Iterator[TypeScriptTestee]:
    with TypeScriptTestee(contract) as testee:
        yield testee
