from __future__ import annotations

import json
import math
import struct
import subprocess

import pytest
from cachepact._codecs.json_number import format_number
from fixtures import REPOSITORY
from hypothesis import given
from hypothesis import strategies as st


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_number_reads_back_as_itself(number: float) -> None:
    assert float(format_number(number + 0.0)) == number


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0, "0"), (1.0, "1"), (-1.5, "-1.5"), (1e21, "1e+21"), (1e20, "100000000000000000000"), (1e-6, "0.000001"),
     (1e-7, "1e-7"), (5e-324, "5e-324"), (123456789012345680000.0, "123456789012345680000"), (0.1, "0.1")],
)  # fmt: skip
def test_known_numbers(number: float, text: str) -> None:
    assert format_number(number) == text


def test_numbers_are_those_of_ecmascript() -> None:
    numbers = [struct.unpack(">d", struct.pack(">Q", bits))[0] for bits in range(0, 2**64, 2**64 // 4001)]
    numbers += [
        float(f"{digits}e{exponent}") for digits in ("1", "1.5", "9007199254740993") for exponent in range(-30, 30)
    ]
    finite = [number + 0.0 for number in numbers if math.isfinite(number)]
    node = REPOSITORY / "node_modules" / ".bin" / "node"
    script = "process.stdout.write(JSON.stringify(JSON.parse(require('fs').readFileSync(0,'utf8')).map(String)))"
    done = subprocess.run([node, "-e", script], input=json.dumps(finite), capture_output=True, text=True, check=True)
    assert [format_number(number) for number in finite] == json.loads(done.stdout)
