"""Cluster slots: CRC16 (XMODEM) of a key's hash tag."""

from __future__ import annotations

from binascii import crc_hqx

SLOTS = 16384


def crc16(data: bytes) -> int:
    """Compute CRC16 as Redis Cluster does."""
    return crc_hqx(data, 0)


def slot(key: str) -> int:
    """Find the slot of a key: of the text between its first ``{`` and the next ``}`` when that is not empty."""
    start = key.find("{")
    if start >= 0:
        end = key.find("}", start + 1)
        if end > start + 1:
            key = key[start + 1 : end]
    return crc16(key.encode()) % SLOTS
