"""Checks and measures the contenders of Python; `npm run bench:codecs` starts it."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from google.protobuf.internal import api_implementation

from bench_codecs.check_round_trips import check_round_trips
from bench_codecs.measure import measure
from bench_codecs.ours import ours
from bench_codecs.peers import peers

_LIBRARIES = ("orjson", "msgspec", "msgpack", "ormsgpack", "protobuf")


def main() -> int:
    """Write the run as JSON to a file."""
    parser = argparse.ArgumentParser(prog="bench_codecs", description=__doc__)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--slice-ms", type=float, required=True)
    parser.add_argument("--out", type=Path, required=True, help="where the run goes, as JSON")
    options = parser.parse_args()

    contenders = [*peers(), *ours()]
    try:
        check_round_trips(contenders)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1

    def told(number: int) -> None:
        sys.stderr.write(f"Python: round {number} of {options.rounds}\n" if number else "Python: warm\n")

    run = {
        "language": "Python",
        "versions": _versions(),
        "contenders": measure(contenders, options.rounds, options.slice_ms, told),
    }
    options.out.write_text(json.dumps(run))
    return 0


def _versions() -> dict[str, str]:
    versions = {"CPython": platform.python_version()} | {name: version(name) for name in _LIBRARIES}
    versions["protobuf"] += f" ({api_implementation.Type()})"
    return versions


if __name__ == "__main__":
    sys.exit(main())
