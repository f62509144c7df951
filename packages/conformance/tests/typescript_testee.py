"""The TypeScript testee, asked from Python over NDJSON as PROTOCOL.md defines it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Self

REPOSITORY = Path(__file__).parents[3]

Json = dict[str, Any]


class TypeScriptTestee:
    def __init__(self, contracts: Path) -> None:
        self._process = subprocess.Popen(
            [REPOSITORY / "packages/conformance/testees/typescript"],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._next = 0
        (told,) = self.ask({"op": "hello", "protocol": 1, "contracts": str(contracts)})
        assert "ok" in told, told

    def ask(self, *requests: Json) -> list[Json]:
        """Send some requests at once; their replies, in order.

        A few at a time: what is sent must fit the pipe, since nothing is read meanwhile.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        first = self._next
        self._next += len(requests)
        lines = (json.dumps({**request, "id": first + index}) for index, request in enumerate(requests))
        stdin.write("".join(f"{line}\n" for line in lines).encode())
        stdin.flush()
        replies = [json.loads(stdout.readline()) for _ in requests]
        assert [reply["id"] for reply in replies] == list(range(first, self._next))
        return replies

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ask({"op": "bye"})
        assert self._process.wait(10) == 0
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
