"""Real servers and the services as real processes, for tests. What a test starts ends with it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[3]
# The one that the workspace installs; the machine's own may be too old to run TypeScript.
NODE = shutil.which("node", path=str(ROOT / "node_modules" / ".bin")) or "node"
SOURCE = "--conditions=@cachepact/source"

T = TypeVar("T")


class Server:
    """A temporary Redis or Postgres: a child process of the dev-stack's command, which obeys orders on its input."""

    def __init__(self, kind: str) -> None:
        self._child = subprocess.Popen(
            [NODE, SOURCE, "packages/dev-stack/src/main.ts", kind],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = str(self._answer()["url"])

    def order(self, text: str) -> None:
        """``kill``, ``start``, ``pause`` or ``resume``."""
        assert self._child.stdin is not None
        self._child.stdin.write(f"{text}\n")
        self._child.stdin.flush()
        answer = self._answer()
        assert "error" not in answer, answer

    def close(self) -> None:
        self._child.communicate(timeout=30)

    def _answer(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        answer: dict[str, Any] = json.loads(self._child.stdout.readline())
        return answer


class Service:
    """A service as a process. ``url`` is where it says that it listens."""

    def __init__(self, command: list[str], cwd: Path, env: dict[str, str]) -> None:
        self.lines: list[str] = []
        self._listening = threading.Event()
        self.url = ""
        self.child = subprocess.Popen(
            command,
            cwd=cwd,
            # No variable of a development stack that happens to run gets in.
            env={"PATH": os.environ["PATH"], "CACHEPACT_DEV_DIR": os.devnull, **_python_path(), **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(20)
            except subprocess.TimeoutExpired:
                self.child.kill()
        self.wait()

    def listening(self) -> Self:
        """Wait until it listens."""
        if not self._listening.wait(30) or not self.url:
            self.child.kill()
            self.wait()
            raise AssertionError("the service does not listen:\n" + "\n".join(self.lines))
        return self

    def wait(self) -> int:
        """Wait for its end; give its exit code."""
        code = self.child.wait(30)
        self._reader.join(10)
        assert self.child.stdout is not None
        self.child.stdout.close()
        return code

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=20)

    def _read(self) -> None:
        assert self.child.stdout is not None
        for line in self.child.stdout:
            self.lines.append(line.rstrip("\n"))
            address = re.search(r"http://127\.0\.0\.1:\d+", line)
            if address is not None and not self.url:
                self.url = address.group()
                self._listening.set()
        self._listening.set()


def python_service(**env: str) -> Service:
    """Start the service of this package."""
    return Service([sys.executable, "-m", "user_api"], ROOT / "services/user-api-py", {"USER_API_PY_PORT": "0", **env})


def node_service(package: str, **env: str) -> Service:
    """Start a TypeScript service."""
    return Service(
        [NODE, SOURCE, "src/main.ts"],
        ROOT / "services" / package,
        {"USER_API_PORT": "0", "WRITEBACK_WORKER_PORT": "0", **env},
    )


class Stack:
    """Redis, Postgres with all tables, the worker, and both HTTP services."""

    def __init__(self, redis: Server, postgres: Server, python: Service, typescript: Service) -> None:
        self.redis = redis
        self.postgres = postgres
        self.python_service = python
        self.python = python.client()
        self.typescript = typescript.client()

    def new_user(self, **members: Any) -> dict[str, Any]:
        """Add a user and give its JSON."""
        answer = self.python.post("/users", json={"email": "ada@example.com", "name": "Ada", **members})
        assert answer.status_code == 201, answer.text
        user: dict[str, Any] = answer.json()
        return user


@contextlib.contextmanager
def run_stack() -> Iterator[Stack]:
    """Start everything; end everything."""
    with contextlib.ExitStack() as cleanup:
        redis = Server("redis")
        cleanup.callback(redis.close)
        postgres = Server("postgres")
        cleanup.callback(postgres.close)
        env = {"REDIS_URL": redis.url, "DATABASE_URL": postgres.url}
        for package in ("user-api", "writeback-worker"):
            subprocess.run(
                [NODE, SOURCE, "src/migrate.ts"],
                cwd=ROOT / "services" / package,
                env={"PATH": os.environ["PATH"], **env},
                stdin=subprocess.DEVNULL,
                check=True,
                capture_output=True,
                timeout=60,
            )
        services = [
            cleanup.enter_context(node_service("writeback-worker", **env)),
            cleanup.enter_context(python_service(**env)),
            cleanup.enter_context(node_service("user-api", **env)),
        ]
        _, python, typescript = [service.listening() for service in services]
        stack = Stack(redis, postgres, python, typescript)
        cleanup.callback(stack.typescript.close)
        cleanup.callback(stack.python.close)
        yield stack


def eventually(what: str, answer: Callable[[], T | None], timeout_s: float = 20) -> T:
    """Poll real servers until ``answer`` gives something; they have no event for it."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = answer()
        if found is not None:
            return found
        assert time.monotonic() < deadline, f"waited {timeout_s} s for {what}"
        time.sleep(0.02)


def error_of(answer: httpx.Response) -> dict[str, str]:
    """What an error body says."""
    body = answer.json()
    assert list(body) == ["error"], body
    error: dict[str, str] = body["error"]
    return error


def _python_path() -> dict[str, str]:
    path = os.environ.get("PYTHONPATH")
    return {} if path is None else {"PYTHONPATH": path}
