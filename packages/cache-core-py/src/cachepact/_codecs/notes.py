"""What a lenient decode met that the value itself does not show."""

from __future__ import annotations


class DecodeNotes:
    """Filled in by ``decode``."""

    __slots__ = ("unknown_enum_name",)

    unknown_enum_name: bool
    """An enum name that this schema does not have was read as the enum's zero: its writer is newer."""

    def __init__(self) -> None:
        self.unknown_enum_name = False
