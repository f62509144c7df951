"""The neutral form of values and keys: JSON by proto names that no language owns; wire's fixtures/README.md defines it.

Fixtures and testees speak it, so it knows the schema and the classes of values, and no codec.
"""
