"""The prefix that separates deployments on one Redis."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cachepact._errors import CachepactError

_NAMESPACE = re.compile(r"[a-z][a-z0-9._-]{0,39}")


def check_namespace(namespace: str) -> None:
    """Raise E_OPTION for text that is no namespace; the empty string is none, which is allowed."""
    if namespace and not _NAMESPACE.fullmatch(namespace):
        raise CachepactError(
            "E_OPTION",
            "check the namespace: found text that is none; use up to 40 of a-z, 0-9, '.', '_', '-', beginning with "
            "a letter",
        )


def key_prefix(namespace: str) -> str:
    """Give what stands before the entity's name in every key: the namespace and a colon, or nothing."""
    check_namespace(namespace)
    return f"{namespace}:" if namespace else ""


@dataclass(frozen=True, slots=True)
class Channels:
    """The Pub/Sub channels of a namespace."""

    l1: str
    """Invalidations for in-process caches: message = key, NUL, version."""
    wake: str
    """Wake-ups of those that wait for a load: message = key."""


def channels(namespace: str) -> Channels:
    """Name the channels of a namespace."""
    prefix = key_prefix(namespace)
    return Channels(l1=f"{prefix}@l1", wake=f"{prefix}@wake")
