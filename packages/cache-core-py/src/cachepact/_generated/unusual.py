"""How a generated codec abstains."""

from __future__ import annotations

from typing import NoReturn


class UnusualError(Exception):
    """A generated codec does not vouch for a value or bytes; the interpreter decides. It never reaches a caller."""


def unusual() -> NoReturn:
    """Abstain, in the middle of an expression."""
    raise UnusualError
