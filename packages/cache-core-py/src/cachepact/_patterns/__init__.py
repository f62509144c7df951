"""The four ways to read and write through a cache."""
