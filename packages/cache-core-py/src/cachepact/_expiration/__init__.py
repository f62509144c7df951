"""How long entries live."""
