"""Profiles: read-through, invalidated after a write of the user."""
