"""Generated from packages/wire/vocabulary/errors.json. Do not edit."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

ErrorCode = Literal[
    "E_TYPE",
    "E_RANGE",
    "E_MISSING",
    "E_EMPTY",
    "E_TOO_LONG",
    "E_SURROGATE",
    "E_UTF8",
    "E_FLOAT",
    "E_DUP",
    "E_DEPTH",
    "E_SIZE",
    "E_TRUNCATED",
    "E_TRAILING",
    "E_SYNTAX",
    "E_NONCANONICAL",
    "E_MAGIC",
    "E_FRAME_VERSION",
    "E_FLAGS",
    "E_CODEC",
    "E_COMPRESSION",
    "E_BINDING",
    "E_KEY",
    "E_PRIVATE",
    "E_OPTION",
    "E_PATTERN",
    "E_LOADER",
    "E_LOAD_TIMEOUT",
    "E_VERSION",
    "E_MIN_VERSION",
    "E_FENCE",
    "E_UNCONFIRMED",
    "E_PENDING",
    "E_FULL",
    "E_CONFLICT",
    "E_UNKNOWN",
    "E_UNAVAILABLE",
    "E_EVICTION",
    "E_CLOSED",
    "E_SCRIPT",
    "E_PROTO",
    "E_CONFIG",
    "E_GENERATED",
    "E_COMPATIBILITY",
    "E_HISTORY",
    "E_MIGRATION",
]


class ErrorSpec(NamedTuple):
    """What one code means and what to do about it."""

    retryable: bool
    meaning: str
    remedy: str


ERRORS: Final[Mapping[ErrorCode, ErrorSpec]] = {
    "E_TYPE": ErrorSpec(
        retryable=False,
        meaning="a value has another type than its field",
        remedy="pass the type that the contract names",
    ),
    "E_RANGE": ErrorSpec(
        retryable=False,
        meaning="a number is outside the range of its field",
        remedy="check the value, or widen the field in a new generation",
    ),
    "E_MISSING": ErrorSpec(
        retryable=False,
        meaning="a required field or key parameter is absent",
        remedy="pass it",
    ),
    "E_EMPTY": ErrorSpec(
        retryable=False,
        meaning="a key parameter is the empty string",
        remedy="pass a non-empty value",
    ),
    "E_TOO_LONG": ErrorSpec(
        retryable=False,
        meaning="a key parameter or a whole key exceeds its limit in bytes",
        remedy="shorten it, raise max_bytes, or use the SHA256 transform",
    ),
    "E_SURROGATE": ErrorSpec(
        retryable=False,
        meaning="a string holds half of a surrogate pair and has no UTF-8 form",
        remedy="repair the string where it enters the system",
    ),
    "E_UTF8": ErrorSpec(
        retryable=False,
        meaning="bytes that should be text are not valid UTF-8",
        remedy="find the writer of the entry",
    ),
    "E_FLOAT": ErrorSpec(
        retryable=False,
        meaning="a double is NaN or infinite",
        remedy="store finite numbers only",
    ),
    "E_DUP": ErrorSpec(
        retryable=False,
        meaning="a record holds one key twice",
        remedy="find the writer of the entry",
    ),
    "E_DEPTH": ErrorSpec(
        retryable=False,
        meaning="a value is nested deeper than 32 levels",
        remedy="flatten the message",
    ),
    "E_SIZE": ErrorSpec(
        retryable=False,
        meaning="a payload exceeds max_payload_bytes",
        remedy="store less, or raise the limit after every reader has it",
    ),
    "E_TRUNCATED": ErrorSpec(
        retryable=False,
        meaning="bytes end in the middle of a value",
        remedy="find the writer of the entry",
    ),
    "E_TRAILING": ErrorSpec(
        retryable=False,
        meaning="bytes follow a complete value",
        remedy="find the writer of the entry",
    ),
    "E_SYNTAX": ErrorSpec(
        retryable=False,
        meaning="bytes are not of the codec that should have written them",
        remedy="find the writer of the entry",
    ),
    "E_NONCANONICAL": ErrorSpec(
        retryable=False,
        meaning="bytes are a valid but not the canonical form of their value",
        remedy="encode with a conforming writer",
    ),
    "E_MAGIC": ErrorSpec(
        retryable=False,
        meaning="an entry does not begin with the frame's magic",
        remedy="find the writer of the entry",
    ),
    "E_FRAME_VERSION": ErrorSpec(
        retryable=False,
        meaning="an entry has a newer frame version",
        remedy="upgrade this reader",
    ),
    "E_FLAGS": ErrorSpec(
        retryable=False,
        meaning="a frame carries a must-understand flag, or flags that exclude each other",
        remedy="upgrade this reader",
    ),
    "E_CODEC": ErrorSpec(
        retryable=False,
        meaning="a frame names a codec that this reader does not have",
        remedy="upgrade this reader",
    ),
    "E_COMPRESSION": ErrorSpec(
        retryable=False,
        meaning="a frame is compressed",
        remedy="upgrade this reader",
    ),
    "E_BINDING": ErrorSpec(
        retryable=False,
        meaning="an entry's payload belongs to another key",
        remedy="find the writer of the entry",
    ),
    "E_KEY": ErrorSpec(
        retryable=False,
        meaning="a key does not fit the entity's template",
        remedy="use the generated key builder",
    ),
    "E_PRIVATE": ErrorSpec(
        retryable=False,
        meaning="an entry of codec 4 is private to TypeScript",
        remedy="declare the entity in a contract",
    ),
    "E_OPTION": ErrorSpec(
        retryable=False,
        meaning="options are wrong; the message lists every problem",
        remedy="correct the options",
    ),
    "E_PATTERN": ErrorSpec(
        retryable=False,
        meaning="the operation does not fit the entity's write pattern",
        remedy="use put and remove for an entity with a log, write and invalidate for others",
    ),
    "E_LOADER": ErrorSpec(
        retryable=False,
        meaning="a loader broke its contract",
        remedy="return a value, or null for not found",
    ),
    "E_LOAD_TIMEOUT": ErrorSpec(
        retryable=True,
        meaning="a loader passed its hard deadline",
        remedy="make the query faster, or raise loadTimeoutMs",
    ),
    "E_VERSION": ErrorSpec(
        retryable=False,
        meaning="a versioned entity was written or invalidated without its version",
        remedy="return the committed row with its version",
    ),
    "E_MIN_VERSION": ErrorSpec(
        retryable=True,
        meaning="the source of truth answers with an older version than the token",
        remedy="check that the loader reads the primary",
    ),
    "E_FENCE": ErrorSpec(
        retryable=True,
        meaning="a STRONG write could not set its fence; nothing was committed",
        remedy="try again when Redis answers",
    ),
    "E_UNCONFIRMED": ErrorSpec(
        retryable=False,
        meaning="a STRONG write committed, but its fence was not confirmed",
        remedy="do not repeat the write; readers may see the older value until its ttl",
    ),
    "E_PENDING": ErrorSpec(
        retryable=True,
        meaning="an invalidation could not be delivered yet; it is retried, this process bypasses the key",
        remedy="other processes may serve the older value until it is delivered or its ttl ends",
    ),
    "E_FULL": ErrorSpec(
        retryable=True,
        meaning="the write-behind log is at its limit, nothing was accepted",
        remedy="try again after retryAfterMs",
    ),
    "E_CONFLICT": ErrorSpec(
        retryable=True,
        meaning="the entry has another version than ifVersion",
        remedy="read it again and decide anew",
    ),
    "E_UNKNOWN": ErrorSpec(
        retryable=False,
        meaning="a write-behind write has an unknown outcome",
        remedy="ask status(op) after its deadline",
    ),
    "E_UNAVAILABLE": ErrorSpec(
        retryable=True,
        meaning="Redis could not be reached, nothing was accepted",
        remedy="try again after retryAfterMs",
    ),
    "E_EVICTION": ErrorSpec(
        retryable=False,
        meaning="Redis may evict keys without a ttl, which write-behind cannot survive",
        remedy="set maxmemory-policy to noeviction or volatile-lfu",
    ),
    "E_CLOSED": ErrorSpec(
        retryable=False,
        meaning="the cache was closed",
        remedy="create a new one",
    ),
    "E_SCRIPT": ErrorSpec(
        retryable=False,
        meaning="a script refused its arguments: a bug in a client",
        remedy="report it with the script's name",
    ),
    "E_PROTO": ErrorSpec(
        retryable=False,
        meaning="a proto file breaks the contract profile",
        remedy="follow the way out that the message names",
    ),
    "E_CONFIG": ErrorSpec(
        retryable=False,
        meaning="a configuration file or variable is wrong; the message lists every problem",
        remedy="correct it",
    ),
    "E_GENERATED": ErrorSpec(
        retryable=False,
        meaning="committed generated output differs from what the protos give",
        remedy="run cachepact generate and commit its output",
    ),
    "E_COMPATIBILITY": ErrorSpec(
        retryable=False,
        meaning="a contract change would break entries that are in Redis, or programs of another release that share them",
        remedy="follow the way out that each finding names; most often a bump of the generation in three releases",
    ),
    "E_HISTORY": ErrorSpec(
        retryable=False,
        meaning="the snapshots of released contracts are missing or were edited",
        remedy="restore the history folder from version control; only cachepact snapshot writes it",
    ),
    "E_MIGRATION": ErrorSpec(
        retryable=False,
        meaning="a table that the worker needs is missing or of another shape",
        remedy="run the migrations",
    ),
}
