"""One codec of the comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, SupportsBytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench_codecs.user import User


@dataclass(frozen=True, slots=True)
class Contender:
    """One codec. All contenders take the same users and give them back."""

    name: str
    subject: Callable[[User], Any]
    """The user in the form that this codec takes. Built before measuring."""
    encode: Callable[[Any], SupportsBytes] | None
    """None when only reading is compared."""
    decode: Callable[[bytes], Any]
    restore: Callable[[Any], User]
    """A decoded value back as a user, for the check before measuring; what it gives must equal the user."""
    payload: Callable[[User], SupportsBytes] | None = None
    """The bytes that ``decode`` reads; default: what ``encode`` gives."""

    def payload_of(self, user: User) -> bytes:
        """Give the bytes that ``decode`` reads."""
        if self.payload is not None:
            return bytes(self.payload(user))
        if self.encode is None:
            raise ValueError(f"{self.name}: has neither encode nor payload; give it one")
        return bytes(self.encode(self.subject(user)))
