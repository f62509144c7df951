"""Users over HTTP in Python: the same routes on the same cache entries and tables as services/user-api."""
