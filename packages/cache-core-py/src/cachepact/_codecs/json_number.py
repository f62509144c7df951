"""Doubles as ECMAScript writes them, which is what RFC 8785 demands."""

from __future__ import annotations


def format_number(number: float) -> str:
    """Write a finite double as Number::toString does: Python's ``repr`` has the same digits in another layout."""
    if number.is_integer() and abs(number) < 2**53:
        return str(int(number))
    text = repr(number)
    mantissa, _, exponent_text = text.partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.removeprefix("-").partition(".")
    digits = (whole + fraction).lstrip("0")
    # The value is 0.DIGITS * 10^point.
    point = len(whole) + int(exponent_text or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}" if len(digits) > point else sign + digits.ljust(point, "0")
    exponent = point - 1
    head = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{sign}{head}e{'+' if exponent > 0 else '-'}{abs(exponent)}"
