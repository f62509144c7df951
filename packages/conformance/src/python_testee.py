"""The testee of Python: cachepact behind the protocol of PROTOCOL.md, one JSON line in, one out."""

from __future__ import annotations

import importlib.util
import itertools
import json
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cachepact import CachepactError, Entity
from cachepact._codec import decode_payload, encode_payload
from cachepact._codecs.notes import DecodeNotes
from cachepact._entry import decode_entry, encode_entry
from cachepact._frame import FrameHeader, decode_frame, encode_frame
from cachepact._key import entry_keys, key_from_id, parse_key
from cachepact._log_key import partition_of
from cachepact._namespace import channels
from cachepact._slot import slot
from cachepact._write_record import decode_write_event, encode_write_item, event_frame
from cachepact.testing import NeutralFormError, from_neutral, key_from_neutral, key_to_neutral, to_neutral

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cachepact._log_key import LogKeys

PROTOCOL_VERSION = 1
CODECS = ("json", "msgpack", "protobuf")
PATHS = ("generated", "interpreter")
MODES = ("lenient", "strict")
_HEX = re.compile(r"(?:[0-9a-f]{2})*")
_ABSENT = object()

Json = dict[str, Any]


class BadRequestError(Exception):
    """A request whose members are not those of PROTOCOL.md."""


class Members:
    """The members of one request, each checked as it is read."""

    def __init__(self, json_object: Json, contract: Mapping[str, Entity[Any, Any]]) -> None:
        self.json = json_object
        self.contract = contract

    def any(self, name: str) -> Any:
        """Give a member of any type."""
        value = self.json.get(name, _ABSENT)
        return self._refuse(name, "a value") if value is _ABSENT else value

    def text(self, name: str, absent: str | None = None) -> str:
        """Give text."""
        value = self.json.get(name, absent)
        return value if isinstance(value, str) else self._refuse(name, "text")

    def integer(self, name: str, absent: int | None = None) -> int:
        """Give an integer."""
        value = self.json.get(name, absent)
        return value if isinstance(value, int) and not isinstance(value, bool) else self._refuse(name, "an integer")

    def bool(self, name: str) -> bool:
        """Give true or false; absent = false."""
        value = self.json.get(name, False)
        return value if isinstance(value, bool) else self._refuse(name, "true or false")

    def members(self, name: str, absent: Json | None = None) -> Json:
        """Give an object."""
        value = self.json.get(name, absent)
        return value if isinstance(value, dict) else self._refuse(name, "an object")

    def data(self, name: str, length: int | None = None) -> bytes:
        """Give bytes, of a length if one is demanded."""
        text = self.text(name)
        fits = _HEX.fullmatch(text) and length in {None, len(text) // 2}
        return bytes.fromhex(text) if fits else self._refuse(name, "lower-case hex")

    def one_of(self, name: str, choices: tuple[str, ...], absent: str | None = None) -> Any:
        """Give one of some words."""
        text = self.text(name, absent)
        return text if text in choices else self._refuse(name, " | ".join(choices))

    def entity(self) -> Entity[Any, Any]:
        """Find the entity that ``message``, or ``entity``, names."""
        if not self.contract:
            raise BadRequestError("found no contracts; say hello first")
        name = self.text("message", self.text("entity") if "entity" in self.json else None)
        return self.contract.get(name) or self._refuse("message", "one of the contracts")

    def value(self, entity: Entity[Any, Any]) -> Any:
        """Give a value, or None for null."""
        neutral = self.any("value")
        return None if neutral is None else from_neutral(entity, neutral)

    def _refuse(self, name: str, expected: str) -> Any:
        raise BadRequestError(f"expected {expected} as {name}")


def load_contract(location: str) -> dict[str, Entity[Any, Any]]:
    """Load a contract folder: its generated package, or its lock alone when its configuration names no Python.

    Entities stand under their own name and under the full proto name of their message. E_CONFIG when there is no such
    configuration; E_GENERATED when what ``cachepact generate`` makes of it is missing or of another time than the lock.
    """
    given = Path(location).resolve()
    file = given / "cachepact.json" if given.is_dir() else given
    config = _read_json(file, "E_CONFIG")
    if not isinstance(config.get("lock"), str):
        raise CachepactError("E_CONFIG", f'read {file}: found no "lock"; name one')
    lock = _read_json(file.parent / config["lock"], "E_GENERATED")
    if lock["format"] != 1:
        raise CachepactError("E_GENERATED", f"load {file}: found a lock of another format; upgrade")
    records = lock["entities"]
    if "python" in config:
        generated = _import_entities((file.parent / config["python"]["out"]).resolve())
    else:
        generated = {name: Entity.from_record(record) for name, record in records.items()}
    found: dict[str, Entity[Any, Any]] = {}
    for name, record in records.items():
        entity = generated.get(name)
        if entity is not None and f"{entity.record.fingerprint:08x}" == record["fingerprint"]:
            found[name] = found[record["schema"]["message"]] = entity
    if not len(found) == len(records) * 2 == len(generated) * 2:
        raise CachepactError(
            "E_GENERATED", f"load {file}: found code that is not that of its lock; run cachepact generate"
        )
    return found


def _import_entities(folder: Path) -> dict[str, Entity[Any, Any]]:
    # Under a name of this process's own, a new one each time: two folders may hold packages of one name, none need be
    # installed, and a folder that was generated anew must not be answered from the modules that were loaded before.
    name = f"_cachepact_contract_{next(_loads)}"
    index = folder / "__init__.py"
    spec = importlib.util.spec_from_file_location(name, index, submodule_search_locations=[str(folder)])
    if not index.is_file() or spec is None or spec.loader is None:
        raise CachepactError("E_GENERATED", f"load {index}: found no such file; run cachepact generate")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    declared = (getattr(getattr(module, each), "__cachepact__", None) for each in module.__all__)
    return {each.record.entity: each for each in declared if isinstance(each, Entity)}


_loads = itertools.count()


def _read_json(file: Path, code: Literal["E_CONFIG", "E_GENERATED"]) -> Any:
    try:
        return json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CachepactError(code, f"read {file}: found no readable JSON; name a generated contract folder") from error


def header_from(members: Members) -> FrameHeader:
    """Read a frame's header; what is left out is 0 or false."""
    return FrameHeader(
        codec=members.integer("codec"),
        fingerprint=int.from_bytes(members.data("fingerprint", 4)),
        negative=members.bool("negative"),
        dirty=members.bool("dirty"),
        ascii=members.bool("ascii"),
        **numbers_from(members),
        version=members.integer("version", 0),
    )


def numbers_from(members: Members) -> dict[str, int]:
    """Read what a header and an entry's meta have in common."""
    return {name: members.integer(name, 0) for name in ("stale_at_ms", "created_at_ms", "cost_ms")}


def header_to(header: FrameHeader) -> Json:
    """Write a frame's header, every member."""
    members = {name: getattr(header, name) for name in FrameHeader.__struct_fields__}
    return {**members, "fingerprint": f"{header.fingerprint:08x}"}


def log_to(log: LogKeys | None) -> Json | None:
    """Write the keys of a partition."""
    if log is None:
        return None
    names = ("partition", "tag", "wb", "dirty", "meta", "ops_a", "ops_b")
    return {name: getattr(log, name) for name in names}


def key_build(request: Members) -> Json:
    """``key.build``."""
    entity = request.entity()
    key = key_from_neutral(entity, request.members("key"))
    generation = request.integer("generation", entity.record.generation)
    keys = entry_keys(entity.record, request.text("namespace", ""), key, generation)
    texts = {name: getattr(keys, name) for name in ("id", "value", "lease", "floor", "writers")}
    return {**texts, "log": log_to(keys.log), "slot": slot(keys.value)}


def key_parse(request: Members) -> Json:
    """``key.parse``."""
    entity = request.entity()
    found = parse_key(entity.record, request.text("namespace", ""), request.text("text"))
    return {"key": key_to_neutral(entity, found)}


def key_from_entry_id(request: Members) -> Json:
    """``key.from-id``."""
    entity = request.entity()
    return {"key": key_to_neutral(entity, key_from_id(entity.record, request.text("entry_id")))}


def key_channels(request: Members) -> Json:
    """``key.channels``."""
    found = channels(request.text("namespace", ""))
    return {"l1": found.l1, "wake": found.wake}


def value_encode(request: Members) -> Json:
    """``value.encode``."""
    entity = request.entity()
    value = from_neutral(entity, request.any("value"))
    payload = encode_payload(
        entity,
        request.one_of("codec", CODECS, entity.record.codec),
        value,
        path=request.one_of("path", PATHS, "generated"),
    )
    return {"hex": bytes(payload).hex(), "ascii": payload.ascii}


def value_decode(request: Members) -> Json:
    """``value.decode``."""
    entity = request.entity()
    notes = DecodeNotes()
    value = decode_payload(
        entity,
        request.one_of("codec", CODECS, entity.record.codec),
        request.data("hex"),
        request.one_of("mode", MODES, "lenient"),
        path=request.one_of("path", PATHS, "generated"),
        notes=notes,
    )
    neutral = to_neutral(entity, value)
    return {"value": neutral, "unknown_enum_name": True} if notes.unknown_enum_name else {"value": neutral}


def frame_encode(request: Members) -> Json:
    """``frame.encode``."""
    header = header_from(Members(request.members("header"), {}))
    return {"hex": encode_frame(header, request.data("payload")).hex()}


def frame_decode(request: Members) -> Json:
    """``frame.decode``."""
    frame = decode_frame(request.data("hex"), request.one_of("mode", MODES, "lenient"))
    return {"header": header_to(frame.header), "payload": frame.payload.hex()}


def entry_encode(request: Members) -> Json:
    """``entry.encode``."""
    entity = request.entity()
    meta = Members(request.members("meta", {}), {})
    data = encode_entry(
        entity,
        request.value(entity),
        version=meta.integer("version") if "version" in meta.json else None,
        dirty=meta.bool("dirty"),
        **numbers_from(meta),
    )
    return {"hex": data.hex()}


def entry_decode(request: Members) -> Json:
    """``entry.decode``."""
    entity = request.entity()
    data = request.data("hex")
    params = key_from_neutral(entity, request.members("key")) if "key" in request.json else None
    entry = decode_entry(entity, data, None if params is None else entity.key_type(**params))
    value = None if entry.value is None else to_neutral(entity, entry.value)
    names = ("version", "stale_at_ms", "created_at_ms", "cost_ms", "dirty", "foreign")
    return {"value": value, **{name: getattr(entry, name) for name in names}}


def write_encode(request: Members) -> Json:
    """``write.encode``."""
    entity = request.entity()
    item = encode_write_item(entity, request.text("entry_id"), request.value(entity))
    return {"entry_id": item.id, "head": item.head.hex(), "payload": item.payload.hex()}


def write_decode(request: Members) -> Json:
    """``write.decode``."""
    fields = Members(request.members("fields"), {})
    data: dict[str, bytes] = {name: fields.data(name) for name in ("k", "g", "h", "p") if name in fields.json}
    event = decode_write_event(request.text("stream"), data)
    return {
        "entry_id": event.id,
        "generation": event.generation,
        "version": event.version,
        "header": header_to(event.header),
        "payload": event.payload.hex(),
        "frame": event_frame(event).hex(),
    }


OPS: Mapping[str, Callable[[Members], Json]] = {
    "key.build": key_build,
    "key.parse": key_parse,
    "key.from-id": key_from_entry_id,
    "key.slot": lambda request: {"slot": slot(request.text("key"))},
    "key.partition": lambda request: {"partition": partition_of(request.entity().record, request.text("entry_id"))},
    "key.channels": key_channels,
    "value.encode": value_encode,
    "value.decode": value_decode,
    "frame.encode": frame_encode,
    "frame.decode": frame_decode,
    "entry.encode": entry_encode,
    "entry.decode": entry_decode,
    "write.encode": write_encode,
    "write.decode": write_decode,
    "bye": lambda _: {},
}


class Session:
    """One run: the contracts that ``hello`` named, and a reply to each line."""

    def __init__(self) -> None:
        self.contract: dict[str, Entity[Any, Any]] = {}
        self.ended = False

    def reply(self, line: bytes) -> Json:
        """Answer one line, whatever it holds."""
        try:
            # Decoded first: json guesses among encodings when it is given bytes.
            request = json.loads(line.decode())
        except (ValueError, RecursionError):
            request = None
        if not isinstance(request, dict):
            return _error(None, "bad_request", "expected a JSON object on one line")
        identity, op = request.get("id"), request.get("op")
        if type(identity) is not int or not isinstance(op, str):
            return _error(
                identity if type(identity) is int else None, "bad_request", "expected an integer as id and text as op"
            )
        if op != "hello" and op not in OPS:
            return {"id": identity, "skipped": f"no op {op[:40]}"}
        try:
            members = Members(request, self.contract)
            answer = self._hello(members) if op == "hello" else OPS[op](members)
        except (BadRequestError, NeutralFormError) as error:
            return _error(identity, "bad_request", str(error))
        except CachepactError as error:
            return _error(identity, error.code, str(error))
        except Exception as error:  # noqa: BLE001 A testee answers; what went wrong is the runner's to judge.
            return _error(identity, "runtime_error", f"{type(error).__name__}: {error}")
        self.ended = op == "bye"
        return {"id": identity, "ok": answer}

    def _hello(self, request: Members) -> Json:
        if request.integer("protocol") != PROTOCOL_VERSION:
            raise BadRequestError("expected protocol 1")
        self.contract = load_contract(request.text("contracts"))
        told = {"impl": "python", "version": version("cachepact"), "protocol": PROTOCOL_VERSION}
        return {**told, "codecs": CODECS, "paths": PATHS, "ops": ["hello", *OPS]}


def _error(identity: int | None, code: str, message: str) -> Json:
    return {"id": identity, "error": {"code": code, "message": message}}


def main() -> None:
    """Answer each line of standard input until it ends or says ``bye``."""
    session = Session()
    # Bytes: only LF ends a line, and U+2028 and the like are text.
    for line in sys.stdin.buffer:
        reply = session.reply(line)
        sys.stdout.buffer.write(json.dumps(reply, separators=(",", ":")).encode() + b"\n")
        sys.stdout.buffer.flush()
        if session.ended:
            return


if __name__ == "__main__":
    main()
