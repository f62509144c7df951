"""What generated modules need: nothing until they are used, Protobuf's library only if it is there."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from cachepact._codec import encode_payload
from fixtures import REPOSITORY, golden
from generated_contract import PACKAGE
from google.protobuf import descriptor_pool
from google.protobuf.internal import api_implementation
from random_values import draw_value

if TYPE_CHECKING:
    from generated_contract import GeneratedContract

_SOURCE = REPOSITORY / "packages" / "cache-core-py" / "src"


def run(contract: GeneratedContract, script: str, **env: str) -> str:
    """What a Python of its own prints."""
    path = os.pathsep.join((str(contract.folder), str(_SOURCE)))
    return subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path, **env},
    ).stdout.strip()


def test_codecs_and_protobuf_are_loaded_on_first_use(contract: GeneratedContract) -> None:
    script = f"""
import sys
from {PACKAGE} import Setting
codec, library = "{PACKAGE}._golden_v1_codec", "google.protobuf"
assert codec not in sys.modules and library not in sys.modules
Setting.__cachepact__.to_json(Setting(name="n", user_id=1, content="c"))
print(codec in sys.modules)
"""
    assert run(contract, script) == "True"


_SCRIPT = f"""
from {PACKAGE}.shapes_v1 import Basket, Line
value = Basket(id=7, lines=[Line(sku="s", quantity=-1)], by_shelf={{"ab": Line(), "a": Line()}}, first=Line())
from cachepact._codec import decode_payload, encode_payload
entity = Basket.__cachepact__
payload = encode_payload(entity, "protobuf", value)
assert decode_payload(entity, "protobuf", payload.data, "strict") == value
print(entity.generated["protobuf"] is not None, payload.data.hex())
"""


def test_interpreter_serves_without_the_protobuf_library(contract: GeneratedContract) -> None:
    fast, data = run(contract, _SCRIPT).split()
    assert fast == "True"
    blocked = "import sys\nsys.modules['google.protobuf'] = None\n"
    assert run(contract, blocked + _SCRIPT).split() == ["False", data]


def test_interpreter_serves_with_the_protobuf_library_in_python(contract: GeneratedContract) -> None:
    fast, data = run(contract, _SCRIPT).split()
    assert fast == "True"
    assert run(contract, _SCRIPT, PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION="python").split() == ["False", data]


def test_default_pool_of_the_protobuf_library_stays_as_it_is(contract: GeneratedContract) -> None:
    assert api_implementation.Type() == "upb"
    for name in ("user", "journey", "basket"):
        entity = contract.entities[name]
        assert entity.generated["protobuf"] is not None
        encode_payload(entity, "protobuf", draw_value(random.Random(1), entity.schema))
        with pytest.raises(KeyError):
            descriptor_pool.Default().FindMessageTypeByName(entity.schema.name)
        with pytest.raises(KeyError):
            descriptor_pool.Default().FindFileByName("cachepact.proto")


def test_entity_of_a_lock_file_is_the_interpreters() -> None:
    assert [golden("user").generated[codec] for codec in ("json", "msgpack", "protobuf")] == [None] * 3
