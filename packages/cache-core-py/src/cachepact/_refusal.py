"""Errors of values and bytes. The remedy is the vocabulary's; no message ever holds a value."""

from __future__ import annotations

from cachepact._errors import CachepactError
from cachepact._gen.errors import ERRORS, ErrorCode


def refuse_encode(code: ErrorCode, path: str, found: str) -> CachepactError:
    """Make the error of a value that cannot be written."""
    return _refuse("encode", code, path, found)


def refuse_decode(code: ErrorCode, path: str, found: str) -> CachepactError:
    """Make the error of bytes that cannot be read as the schema's value."""
    return _refuse("decode", code, path, found)


def _refuse(action: str, code: ErrorCode, path: str, found: str) -> CachepactError:
    subject = f"{action} field {path}" if path else f"{action} a value"
    return CachepactError(code, f"{subject}: {found}; {ERRORS[code].remedy}", field=path or None)


def describe(value: object) -> str:
    """Tell what a value is: its type, never itself."""
    return "nothing" if value is None else type(value).__name__


def within(path: str, name: str) -> str:
    """Give the path of a member by proto names; the root has none."""
    return f"{path}.{name}" if path else name
