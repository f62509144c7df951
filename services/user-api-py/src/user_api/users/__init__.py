"""Users: read-through and write-through."""
