from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dev_redis import DevRedis

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.redis
def test_example_of_the_readme_runs(shared_redis: DevRedis) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", example],
        env={"REDIS_URL": shared_redis.url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout.split("\n")[:3] == ["database", "redis", "Ada Lovelace"]


def test_table_names_every_call() -> None:
    text = README.read_text()
    for call in ("get", "write", "invalidate", "put", "remove"):
        assert f"`{call}(" in text
