"""Talking to Redis: effects, connections, replies."""
