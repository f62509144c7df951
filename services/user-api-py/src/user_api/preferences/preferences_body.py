"""What requests say about preferences."""

from __future__ import annotations

from cachepact_contracts import Preferences

from user_api.errors import bad_request
from user_api.request import parse_body, refuse_what_the_contract_refuses


def parse_preferences_put(user_id: int, body: bytes) -> Preferences:
    """Read the body of ``PUT /users/:id/preferences``: the contract's JSON, ``user_id`` may be absent.

    What it leaves out is set to the contract's default: a write-behind always carries the full state. HttpError: 400.
    """
    preferences = parse_body(Preferences.__cachepact__, body, given={"user_id": str(user_id)})
    if preferences.user_id != user_id:
        raise bad_request(
            "E_BINDING", "user_id is another one than that of the path: send the same, or none", "user_id"
        )
    with refuse_what_the_contract_refuses():
        Preferences.__cachepact__.check(preferences)
    return preferences
