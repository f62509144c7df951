"""The integers of the wire as types: an int to a type checker, an int within its range to msgspec."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
Uint32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
# msgspec takes no bound beyond 2^63-1. MessagePack holds no integer from 2^64 up; who reads text checks.
Uint64 = Annotated[int, Meta(ge=0)]
SafeInt = Annotated[int, Meta(ge=-(2**53 - 1), le=2**53 - 1)]
"""A 64-bit integer with ``jstype = JS_NUMBER``."""
SafeUint = Annotated[int, Meta(ge=0, le=2**53 - 1)]
"""An unsigned 64-bit integer with ``jstype = JS_NUMBER``."""
