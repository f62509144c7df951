"""A client that knows nothing of cachepact: one GET, json.loads."""

import json
import sys

import redis

url, key = sys.argv[1:]
profile = json.loads(redis.Redis.from_url(url).get(key))
sys.stdout.reconfigure(encoding="utf-8")
print(profile["display_name"])
