"""One case of a fixture file, held to what wire/fixtures/README.md says of its kind, with the entities of any lock."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Literal

import pytest
from cachepact import CachepactError, Entity
from cachepact._codec import codec_by_name
from cachepact._entry import decode_entry, encode_entry
from cachepact._frame import FrameHeader, decode_frame, encode_frame
from cachepact._key import entry_keys, parse_key
from cachepact._log_key import partition_of
from cachepact._namespace import channels
from cachepact._slot import slot
from cachepact._write_record import decode_write_event, encode_write_item, event_frame
from cachepact.testing import complete_neutral, from_neutral, key_from_neutral, to_neutral

if TYPE_CHECKING:
    from collections.abc import Callable

Case = dict[str, Any]
CODECS: tuple[Literal["json", "msgpack", "protobuf"], ...] = ("json", "msgpack", "protobuf")
RESULT = ("version", "stale_at_ms", "created_at_ms", "cost_ms", "dirty", "foreign")


class FixtureCases:
    """The cases of one lock: its entities are made from their records, without generated classes."""

    def __init__(self, lock: dict[str, Any]) -> None:
        self._entities: dict[str, Entity[Any, Any]] = {
            name: Entity.from_record(record) for name, record in lock["entities"].items()
        }

    def check(self, file: str, case: Case) -> None:
        """Raise AssertionError when the case does not hold."""
        kind = case["kind"].replace("-", "_")
        check = getattr(self, f"_{file.removesuffix('.json').replace('-', '_')}_{kind}")
        check(case)

    def _entity(self, case: Case) -> Entity[Any, Any]:
        return self._entities[case["entity"]]

    def _value(self, case: Case) -> Any:
        return None if case["value"] is None else from_neutral(self._entity(case), case["value"])

    def _refused(self, case: Case, run: Callable[[], object], code: str = "error") -> None:
        with pytest.raises(CachepactError) as caught:
            run()
        assert caught.value.code == case[code]

    def _keys(self, case: Case) -> Any:
        entity = self._entity(case)
        key = key_from_neutral(entity, case["key"])
        return entry_keys(entity.record, case["namespace"], key, case.get("generation"))

    def _keys_key(self, case: Case) -> None:
        keys = self._keys(case)
        for name in ("id", "value", "lease", "floor", "writers"):
            assert getattr(keys, name) == case[name]
        assert slot(keys.value) == case["slot"]
        assert (keys.log is None) == (case["log"] is None)
        for name, expected in (case["log"] or {}).items():
            assert getattr(keys.log, name) == expected
        if "generation" not in case:
            entity = self._entity(case)
            key = key_from_neutral(entity, case["key"])
            assert parse_key(entity.record, case["namespace"], keys.value) == key

    def _keys_key_one_way(self, case: Case) -> None:
        keys = self._keys(case)
        assert (keys.id, keys.value, slot(keys.value)) == (case["id"], case["value"], case["slot"])

    def _keys_key_reject(self, case: Case) -> None:
        self._refused(case, lambda: self._keys(case))

    def _keys_parse_reject(self, case: Case) -> None:
        self._refused(case, lambda: parse_key(self._entity(case).record, case["namespace"], case["text"]))

    def _keys_slot(self, case: Case) -> None:
        assert slot(case["key"]) == case["slot"]

    def _keys_channels(self, case: Case) -> None:
        found = channels(case["namespace"])
        assert (found.l1, found.wake) == (case["l1"], case["wake"])

    def _keys_partition(self, case: Case) -> None:
        assert partition_of(self._entity(case).record, case["id"]) == case["partition"]

    def _values_canonical(self, case: Case) -> None:
        entity = self._entity(case)
        for name in CODECS:
            codec = codec_by_name(name)
            payload = codec.encode(entity.schema, self._value(case))
            data, expected = bytes(payload), case[name]
            if isinstance(expected, dict):
                assert (len(data), hashlib.sha256(data).hexdigest()) == (expected["length"], expected["sha256"])
            else:
                assert data == (expected.encode() if name == "json" else bytes.fromhex(expected))
            assert payload.ascii is case["ascii"]
            decoded = complete_neutral(entity, case.get("decoded", case["value"]))
            assert to_neutral(entity, codec.decode(entity.schema, data, "strict")) == decoded

    def _boundaries_boundary(self, case: Case) -> None:
        # A long list, map or run of bytes of one element; its decoded form is compared by its length, the bytes decide.
        entity, name, element, times = self._entity(case), case["field"], case["element"], case["times"]
        presence = entity.schema.by_name[name].presence
        member: Any = [element] * times if presence == "repeated" else None
        if presence == "implicit":
            member = element * times
        if presence == "map":
            member = [[f"{at:05d}", element] for at in range(times)]
        value = from_neutral(entity, {"id": "1", name: member})
        for codec in map(codec_by_name, CODECS):
            data = bytes(codec.encode(entity.schema, value))
            assert {"sha256": hashlib.sha256(data).hexdigest(), "length": len(data)} == case[codec.name]
            assert len(getattr(codec.decode(entity.schema, data, "strict"), name)) == times

    def _values_encode_error(self, case: Case) -> None:
        schema = self._entity(case).schema
        for codec in map(codec_by_name, CODECS):
            with pytest.raises(CachepactError) as caught:
                codec.encode(schema, self._value(case))
            assert caught.value.code == case["error"]

    def _values_accept(self, case: Case) -> None:
        entity, codec, data = self._entity(case), codec_by_name(case["codec"]), _data(case)
        found = to_neutral(entity, codec.decode(entity.schema, data, "lenient"))
        assert found == complete_neutral(entity, case["value"])
        self._refused(case, lambda: codec.decode(entity.schema, data, "strict"), "strict")

    def _values_reject(self, case: Case) -> None:
        schema, codec = self._entity(case).schema, codec_by_name(case["codec"])
        self._refused(case, lambda: codec.decode(schema, _data(case), "lenient"))
        self._refused(case, lambda: codec.decode(schema, _data(case), "strict"))

    def _frames_frame(self, case: Case) -> None:
        data = encode_frame(_header(case), bytes.fromhex(case["payload"]))
        assert data.hex() == case["bytes"]
        frame = decode_frame(data, "strict")
        assert (frame.header, bytes(frame.payload).hex()) == (_header(case), case["payload"])

    def _frames_accept(self, case: Case) -> None:
        frame = decode_frame(_data(case))
        assert (frame.header, bytes(frame.payload).hex()) == (_header(case), case["payload"])
        self._refused(case, lambda: decode_frame(_data(case), "strict"), "strict")

    def _frames_reject(self, case: Case) -> None:
        self._refused(case, lambda: decode_frame(_data(case)))
        self._refused(case, lambda: decode_frame(_data(case), "strict"))

    def _frames_encode_error(self, case: Case) -> None:
        self._refused(case, lambda: encode_frame(_header(case), bytes.fromhex(case["payload"])))

    def _entries_entry(self, case: Case) -> None:
        assert encode_entry(self._entity(case), self._value(case), **case["meta"]).hex() == case["bytes"]
        self._entries_accept(case)

    def _entries_accept(self, case: Case) -> None:
        entity, entry = self._entity(case), self._decoded(case)
        assert {name: getattr(entry, name) for name in RESULT} == case["result"]
        if case["value"] is None:
            assert entry.value is None
        else:
            assert to_neutral(entity, entry.value) == complete_neutral(entity, case["value"])

    def _decoded(self, case: Case) -> Any:
        entity = self._entity(case)
        return decode_entry(entity, _data(case), entity.key_type(**key_from_neutral(entity, case["key"])))

    def _entries_reject(self, case: Case) -> None:
        self._refused(case, lambda: self._decoded(case))

    def _entries_encode_error(self, case: Case) -> None:
        self._refused(case, lambda: encode_entry(self._entity(case), self._value(case), **case["meta"]))

    def _write_records_item(self, case: Case) -> None:
        item = encode_write_item(self._entity(case), case["id"], self._value(case))
        assert (item.id, item.head.hex(), item.payload.hex()) == (case["id"], case["head"], case["payload"])

    def _write_records_item_error(self, case: Case) -> None:
        self._refused(case, lambda: encode_write_item(self._entity(case), case["id"], self._value(case)))

    def _write_records_event(self, case: Case) -> None:
        event = _event(case)
        assert (event.id, event.generation, event.version) == (case["id"], case["generation"], case["version"])
        assert (event.header, bytes(event.payload).hex()) == (_header(case), case["payload"])
        assert event_frame(event).hex() == case["frame"]

    def _write_records_event_reject(self, case: Case) -> None:
        self._refused(case, lambda: _event(case))


def _data(case: Case) -> bytes:
    return case["text"].encode() if "text" in case else bytes.fromhex(case["bytes"])


def _header(case: Case) -> FrameHeader:
    header = case["header"]
    return FrameHeader(**{**header, "fingerprint": int(header["fingerprint"], 16)})


def _event(case: Case) -> Any:
    return decode_write_event(case["stream"], {name: bytes.fromhex(field) for name, field in case["fields"].items()})
