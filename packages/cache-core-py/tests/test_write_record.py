from __future__ import annotations

from typing import Any

import pytest
from cachepact import CachepactError
from cachepact._write_record import decode_write_event, encode_write_item, event_frame
from cachepact.testing import from_neutral
from fixtures import cases, golden, named, of_kind
from test_frame import header_of


@pytest.mark.parametrize("case", of_kind("write-records", "item"), ids=named)
def test_item_for_accept(case: dict[str, Any]) -> None:
    entity = golden(case["entity"])
    value = None if case["value"] is None else from_neutral(entity, case["value"])
    item = encode_write_item(entity, case["id"], value)
    assert (item.id, item.head.hex(), item.payload.hex()) == (case["id"], case["head"], case["payload"])


@pytest.mark.parametrize("case", of_kind("write-records", "item-error"), ids=named)
def test_item_that_is_refused(case: dict[str, Any]) -> None:
    entity = golden(case["entity"])
    with pytest.raises(CachepactError) as caught:
        encode_write_item(entity, case["id"], from_neutral(entity, case["value"]))
    assert caught.value.code == case["error"]


def fields_of(case: dict[str, Any]) -> dict[str, bytes]:
    return {name: bytes.fromhex(field) for name, field in case["fields"].items()}


@pytest.mark.parametrize("case", of_kind("write-records", "event"), ids=named)
def test_event_of_the_stream(case: dict[str, Any]) -> None:
    event = decode_write_event(case["stream"], fields_of(case))
    assert (event.id, event.generation, event.version) == (case["id"], case["generation"], case["version"])
    assert event.header == header_of(case["header"])
    assert event.payload.hex() == case["payload"]
    assert event_frame(event).hex() == case["frame"]


@pytest.mark.parametrize("case", of_kind("write-records", "event-reject"), ids=named)
def test_event_that_no_accept_wrote(case: dict[str, Any]) -> None:
    with pytest.raises(CachepactError) as caught:
        decode_write_event(case["stream"], fields_of(case))
    assert caught.value.code == case["error"]


def test_every_kind_of_case_has_its_test() -> None:
    assert {case["kind"] for case in cases("write-records")} == {"item", "item-error", "event", "event-reject"}
