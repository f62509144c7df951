#!lua flags=allow-oom
-- Opens a write before its commit: fences loaders off, deletes the value, says whether this writer is alone.
--
-- KEYS[1] value     the entry
-- KEYS[2] lease     the right to load or store
-- KEYS[3] floor     not read
-- KEYS[4] writers   the writers that are active
-- KEYS[5] dirty     marks of the partition; only for an entity with a log
-- ARGV[1] token     new for every send
-- ARGV[2] markerMs  how long the fence stands, ms; extended by renew
-- ARGV[3] prev      token of this writer's earlier begin that was not answered, or empty
-- ARGV[4] id        encoded parameters; only for an entity with a log
--
-- Returns ALONE | SHARED | DIRTY, then Redis' clock in epoch ms.
--
-- Atomic, because fence, deletion, the end of the reader's lease and the verdict "alone" are one instant.
-- Allowed at OOM: a full Redis must still be written around; it adds one lease and one member, both with an expiry.
-- Cluster: all keys share the slot of the value.

-- include: _arguments.lua
-- include: _key.lua
-- include: _clock.lua
-- include: _header.lua
-- include: _lease.lua
-- include: _writers.lua

expect_arguments(3)
local token = token_of('token', ARGV[1])
local marker_ms = integer('markerMs', ARGV[2], 1, DURATION_MAX)
local prev = ARGV[3] or ''
if prev ~= '' then
  token_of('prev', prev)
  if prev == token then
    refuse('prev', 'another token')
  end
end
if problem then
  return redis.error_reply('BADARG begin: ' .. problem)
end

-- All reads come first: a record of a foreign type must fail before any effect.
local value = header_of(redis.call('GETRANGE', VALUE, 0, HEADER_END))
if (value and value.dirty) or dirty_version() then
  return { 'DIRTY', now_text }
end
local kind, holder = lease_of(redis.call('GET', LEASE))
local of_writer = kind == 'w' or kind == 's'

redis.call('ZREMRANGEBYSCORE', WRITERS, '-inf', now_text)
local shared = false
if prev ~= '' then
  local found = redis.call('ZREM', WRITERS, prev) == 1
  if of_writer and holder == prev then
    redis.call('DEL', LEASE)
    -- The earlier attempt saw others and the set that named them was evicted: they may still be active.
    shared = kind == 's' and not found
    of_writer, holder = false, nil
  end
end
redis.call('DEL', VALUE)

local until_ms = digits(now + marker_ms)
local holds = of_writer and holder == token
if holds or redis.call('ZSCORE', WRITERS, token) then
  -- The same message twice gains nothing: another may have begun in between.
  redis.call('ZADD', WRITERS, 'GT', until_ms, token)
  expire_writers()
  if holds then
    redis.call('PEXPIRE', LEASE, digits(marker_ms))
  end
  return { holds and kind == 'w' and 'ALONE' or 'SHARED', now_text }
end

if of_writer then
  -- The lease is the second copy of its holder's marker: an evicted set heals from it.
  local left = redis.call('PTTL', LEASE)
  redis.call('ZADD', WRITERS, 'GT', digits(now + (left > 0 and left or marker_ms)), holder)
end
shared = redis.call('ZCARD', WRITERS) > 0 or shared
redis.call('ZADD', WRITERS, until_ms, token)
expire_writers()
redis.call('SET', LEASE, (shared and 's' or 'w') .. token, 'PX', digits(marker_ms))
return { shared and 'SHARED' or 'ALONE', now_text }
