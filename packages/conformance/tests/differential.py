"""Both paths of Python in this process beside both paths of TypeScript, on one value or one byte string."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

from cachepact import CachepactError, Entity
from cachepact._codec import CodecPath, decode_payload, encode_payload
from cachepact._codecs.notes import DecodeNotes
from cachepact.testing import complete_neutral, from_neutral, to_neutral

if TYPE_CHECKING:
    from collections.abc import Callable

    from typescript_testee import TypeScriptTestee

PATHS: tuple[CodecPath, ...] = ("generated", "interpreter")

Json = Any


class Differential:
    """One entity in one codec."""

    def __init__(self, entity: Entity[Any, Any], codec: Any, typescript: TypeScriptTestee) -> None:
        self.entity = entity
        self.codec = codec
        self._typescript = typescript
        self._about = {"message": entity.schema.name, "codec": codec}

    def encode(self, value: Json) -> str:
        """The one answer of everybody to a value; an AssertionError when there is none."""
        native = from_neutral(self.entity, value)

        def own(path: CodecPath) -> Json:
            payload = encode_payload(self.entity, self.codec, native, path=path)
            return {"hex": bytes(payload).hex(), "ascii": payload.ascii}

        requests = [{"op": "value.encode", **self._about, "value": value, "path": path} for path in PATHS]
        return self._one(own, requests, {"value": value})

    def decode(self, data: bytes, mode: Any) -> str:
        """The one answer of everybody to bytes."""

        def own(path: CodecPath) -> Json:
            notes = DecodeNotes()
            found = decode_payload(self.entity, self.codec, data, mode, path=path, notes=notes)
            neutral = to_neutral(self.entity, found)
            return {"value": neutral, "unknown_enum_name": True} if notes.unknown_enum_name else {"value": neutral}

        request = {"op": "value.decode", **self._about, "hex": data.hex(), "mode": mode}
        return self._one(own, [{**request, "path": path} for path in PATHS], {"bytes": data.hex()})

    def expected(self, value: Json) -> str:
        """What decoding gives of a value that was encoded: complete, its times floored."""
        return f"ok {self._settled({'value': value})}"

    def _one(self, own: Callable[[CodecPath], Json], requests: list[Json], given: Json) -> str:
        answers = {f"python {path}": self._verdict(own, path) for path in PATHS}
        for path, reply in zip(PATHS, self._typescript.ask(*requests), strict=True):
            told = f"ok {self._settled(reply['ok'])}" if "ok" in reply else f"error {reply['error']['code']}"
            answers[f"typescript {path}"] = told
        kinds = {answer.partition(" ")[0] for answer in answers.values()}
        assert kinds <= {"ok", "error"}
        about = {"entity": self.entity.record.entity, "codec": self.codec, **given}
        assert len(set(answers.values())) == 1, f"{json.dumps(about)}: {json.dumps(answers, indent=1)}"
        return next(iter(answers.values()))

    def _verdict(self, own: Callable[[CodecPath], Json], path: CodecPath) -> str:
        try:
            return f"ok {self._settled(own(path))}"
        except CachepactError as error:
            return f"error {error.code}"

    def _settled(self, answer: Json) -> str:
        if "value" in answer:
            neutral = complete_neutral(self.entity, answer["value"])
            answer = {**answer, "value": _floored(self.entity.record.schema, neutral)}
        return json.dumps(answer, sort_keys=True)


def _floored(schema: Json, members: Json) -> Json:
    """A complete value with what encoding changes: times floored to ms, -0 as 0, every double as a float."""
    fields = {field["name"]: field for field in schema["fields"]}
    return {name: _floored_member(fields[name], member) for name, member in members.items()}


def _floored_member(field: Json, member: Json) -> Json:
    if field["presence"] == "repeated":
        return [_floored_one(field["type"], each) for each in member]
    if field["presence"] == "map":
        return [[key, _floored_one(field["type"], each)] for key, each in member]
    return _floored_one(field["type"], member)


def _floored_one(kind: Json, member: Json) -> Json:
    if isinstance(kind, dict):
        return _floored(kind, member) if "fields" in kind else member
    if kind == "timestamp":
        seconds, nanos = member
        return [seconds, nanos // 1_000_000 * 1_000_000]
    if kind == "double":
        return 0.0 if isinstance(member, dict) else float(member)
    return member


def is_too_deep(schema: Json, members: Json, level: int = 1) -> bool:
    """Whether a value lies deeper than level 32. A list or map counts also when it is empty or left out."""
    if level > 32:
        return True
    for field in schema["fields"]:
        inside = field["presence"] in {"repeated", "map"}
        if inside and level + 1 > 32:
            return True
        kind, member = field["type"], members.get(field["name"])
        if member is None or not isinstance(kind, dict) or "fields" not in kind:
            continue
        records = [pair[1] for pair in member] if field["presence"] == "map" else member if inside else [member]
        if any(is_too_deep(kind, record, level + (2 if inside else 1)) for record in records):
            return True
    return False


def mutated(data: bytes, changes: list[tuple[str, int, bytes]]) -> bytes:
    """Bytes after some changes that know nothing of a codec."""
    for how, number, extra in changes:
        at = number % (len(data) + 1)
        if how == "cut":
            data = data[:at]
        elif how == "insert":
            data = data[:at] + extra + data[at:]
        elif how == "replace":
            data = data[:at] + extra + data[at + len(extra) :]
        elif how == "drop":
            data = data[:at] + data[at + 1 + len(extra) :]
        else:
            data = data[:at] + data[at // 2 :]
    return data


CODECS = ("json", "msgpack", "protobuf")


def pairs(entities: dict[str, Entity[Any, Any]]) -> list[tuple[Entity[Any, Any], str]]:
    """Every entity in every codec."""
    found = {entity.record.entity: entity for entity in entities.values()}
    return list(itertools.product(found.values(), CODECS))
