"""Two ways to carry out what the protocol asks for: with asyncio, and with threads."""
