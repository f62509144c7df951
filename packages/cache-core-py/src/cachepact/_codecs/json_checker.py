"""Finds what is wrong with text that should be JSON.

The standard library's parser accepts quickly, but it cannot tell cut text from wrong text, and two names that are the
same or nesting without end pass it by. So it decides on good text alone, and this scan names the error of the rest.
"""

from __future__ import annotations

import re
from typing import NoReturn

from cachepact._codecs.record import DEPTH_MAX
from cachepact._refusal import refuse_decode

_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_DIGITS = re.compile(r"[0-9]*")
_HEX4 = re.compile(r"[0-9a-fA-F]{4}")
_SOME_HEX = re.compile(r"[0-9a-fA-F]{0,3}")
_WORDS = {"t": "true", "f": "false", "n": "null"}
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def check_json(text: str) -> None:
    """Raise the first error of the text: E_SYNTAX, E_TRUNCATED, E_TRAILING, E_DUP, E_DEPTH or E_SURROGATE."""
    checker = _Checker(text)
    checker.value(1)
    checker.end()


class _Checker:
    __slots__ = ("_at", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def value(self, depth: int) -> None:
        self._skip(_SPACE)
        first = self._peek()
        if first == "{":
            self._object(depth)
        elif first == "[":
            self._array(depth)
        elif first == '"':
            self._string()
        elif first in _WORDS:
            self._word(_WORDS[first])
        else:
            self._number()

    def end(self) -> None:
        self._skip(_SPACE)
        if self._at < len(self._text):
            raise refuse_decode("E_TRAILING", "", "found text after the value")

    def _object(self, depth: int) -> None:
        names: set[str] = set()
        if not self._opens("}", depth):
            return
        while True:
            self._skip(_SPACE)
            if self._peek() != '"':
                self._fail()
            name = self._string()
            if name in names:
                raise refuse_decode("E_DUP", "", "found one name twice in an object")
            names.add(name)
            self._skip(_SPACE)
            if self._peek() != ":":
                self._fail()
            self._at += 1
            self.value(depth + 1)
            if self._closes("}"):
                return

    def _array(self, depth: int) -> None:
        if not self._opens("]", depth):
            return
        while True:
            self.value(depth + 1)
            if self._closes("]"):
                return

    def _opens(self, close: str, depth: int) -> bool:
        if depth > DEPTH_MAX:
            raise refuse_decode("E_DEPTH", "", f"found more than {DEPTH_MAX} levels")
        self._at += 1
        self._skip(_SPACE)
        if self._peek() != close:
            return True
        self._at += 1
        return False

    def _closes(self, close: str) -> bool:
        self._skip(_SPACE)
        found = self._peek()
        if found not in (close, ","):
            self._fail()
        self._at += 1
        return found == close

    def _string(self) -> str:
        self._at += 1
        parts: list[str] = []
        while True:
            start = self._at
            self._skip(_PLAIN)
            parts.append(self._text[start : self._at])
            found = self._peek()
            if found == '"':
                break
            if found != "\\":
                self._fail()
            self._at += 1
            parts.append(self._escape())
        self._at += 1
        # Two escapes may form a pair; UTF-16 joins them.
        joined = "".join(parts).encode("utf-16-be", "surrogatepass")
        try:
            return joined.decode("utf-16-be")
        except UnicodeDecodeError:
            raise refuse_decode("E_SURROGATE", "", "found an escape for half of a surrogate pair") from None

    def _escape(self) -> str:
        letter = self._peek()
        if letter != "u":
            if letter not in _ESCAPES:
                self._fail()
            self._at += 1
            return _ESCAPES[letter]
        digits = self._text[self._at + 1 : self._at + 5]
        if not _HEX4.fullmatch(digits):
            self._fail_at(len(self._text) if _SOME_HEX.fullmatch(digits) else self._at)
        self._at += 5
        return chr(int(digits, 16))

    def _number(self) -> None:
        if self._peek() == "-":
            self._at += 1
        if self._peek() == "0":
            self._at += 1
        else:
            self._digits()
        if self._peek() == ".":
            self._at += 1
            self._digits()
        if self._peek() in ("e", "E"):
            self._at += 1
            if self._peek() in ("+", "-"):
                self._at += 1
            self._digits()

    def _digits(self) -> None:
        start = self._at
        self._skip(_DIGITS)
        if self._at == start:
            self._fail()

    def _word(self, word: str) -> None:
        found = self._text[self._at : self._at + len(word)]
        if found != word:
            self._fail_at(len(self._text) if word.startswith(found) else self._at)
        self._at += len(word)

    def _peek(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        if match is not None:
            self._at = match.end()

    def _fail_at(self, at: int) -> NoReturn:
        self._at = at
        self._fail()

    def _fail(self) -> NoReturn:
        # What is wrong is either that the text ends here, or that it goes on with something else.
        if self._at >= len(self._text):
            raise refuse_decode("E_TRUNCATED", "", "found the end of the text in a value")
        raise refuse_decode("E_SYNTAX", "", "found text that is not JSON")
