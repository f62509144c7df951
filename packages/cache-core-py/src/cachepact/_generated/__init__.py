"""What the codecs that ``cachepact generate`` writes are made of."""
