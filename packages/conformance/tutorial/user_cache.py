"""Cache-aside as every tutorial writes it: redis-py, json.loads, json.dumps, SETEX. It knows nothing of cachepact."""

import json
import os
import sys

import redis

r = redis.Redis.from_url(os.environ.get("REDIS_URL", "redis://localhost:6379"))
database = json.loads(os.environ.get("USERS", "{}"))


def get_user(user_id):
    key = f"user:{user_id}"

    cached = r.get(key)
    if cached:
        return {"source": "cache", "user": json.loads(cached)}

    user = database.get(user_id)
    r.setex(key, 3600, json.dumps(user))
    return {"source": "database", "user": user}


print(json.dumps(get_user(sys.argv[1])))
