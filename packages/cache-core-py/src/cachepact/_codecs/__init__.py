"""The three codecs, one a module."""
