"""The bytes of a payload, and what the frame says about them."""

from __future__ import annotations

from msgspec import Struct


class Payload(Struct, frozen=True, gc=False):
    """A value as one codec writes it."""

    data: bytes = b""
    ascii: bool = True
    """Whether every string and map key in it is ASCII, which lets readers decode faster."""

    def __bytes__(self) -> bytes:
        return self.data

    def __len__(self) -> int:
        return len(self.data)


class PayloadWriter(bytearray):
    """The bytes of a payload while they are written."""

    __slots__ = ("ascii",)

    ascii: bool

    def __init__(self) -> None:
        super().__init__()
        self.ascii = True

    def text(self, text: str) -> bytes:
        """Encode a string that is about to be added."""
        if self.ascii and not text.isascii():
            self.ascii = False
        return text.encode()

    def payload(self) -> Payload:
        """Give what was written."""
        return Payload(bytes(self), self.ascii)
