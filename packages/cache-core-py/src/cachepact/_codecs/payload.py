"""Bytes while they are written, and what the frame says about them."""

from __future__ import annotations


class Payload(bytearray):
    """The bytes of a payload, and whether every string and map key in it is ASCII, which lets readers decode faster."""

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
