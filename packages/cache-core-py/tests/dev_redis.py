"""A real server for a test, by the dev-stack's own command. It ends with this process, however this process ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from typing import Any

from fixtures import REPOSITORY

_COMMAND = (
    str(REPOSITORY / "node_modules" / ".bin" / "node"),
    "--conditions=@cachepact/source",
    str(REPOSITORY / "packages" / "dev-stack" / "src" / "main.ts"),
    "redis",
)


class DevRedis:
    """A server on a port of its own."""

    def __init__(self, **config: str) -> None:
        settings = [
            part for name, value in config.items() for part in ("--config", f"{name.replace('_', '-')}={value}")
        ]
        self._process = subprocess.Popen(
            [*_COMMAND, *settings], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.url = ""
        self.pid = 0
        self._read()

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._order("kill")

    def start(self) -> None:
        """Start it again: same port, same folder."""
        self._order("start")

    def freeze(self) -> None:
        """Keep connections open and answer nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=20)
        self._process.stdout.close()

    def _order(self, order: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{order}\n")
        self._read()

    def _read(self) -> None:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "the dev-stack ended"}
        if "error" in answer:
            raise RuntimeError(answer["error"])
        self.url, self.pid = answer["url"], answer["pid"]
