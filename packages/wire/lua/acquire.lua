#!lua
-- Answers a miss: the value that another has stored, the right to load, or what to do without it.
--
-- KEYS[1] value       the entry
-- KEYS[2] lease       the right to load or store
-- KEYS[3] floor       the highest version known committed
-- KEYS[4] writers     the writers that are active
-- KEYS[5] dirty       marks of the partition; only for an entity with a log
-- ARGV[1] token       new for every send
-- ARGV[2] leaseMs     how long the lease stands, ms
-- ARGV[3] minVersion  the oldest version that the caller takes, 0 = any
-- ARGV[4] seen        what the caller rejects: empty, the stale_at it holds, or the SHA-1 of bytes it could not decode
-- ARGV[5] id          encoded parameters; only for an entity with a log
--
-- Returns HIT, clock, bytes | LEASE, clock, floor | WAIT, clock, floor, ms left | BYPASS, clock, floor | DIRTY, clock;
-- clock = Redis' clock in epoch ms.
--
-- Atomic, because a begin would slip in between "nobody loads or writes" and taking the lease.
-- Cluster: all keys share the slot of the value.

-- include: _arguments.lua
-- include: _key.lua
-- include: _clock.lua
-- include: _header.lua
-- include: _lease.lua

expect_arguments(4)
local token = token_of('token', ARGV[1])
local lease_ms = integer('leaseMs', ARGV[2], 1, DURATION_MAX)
local min_version = integer('minVersion', ARGV[3], 0, VERSION_MAX)
local seen = ARGV[4] or ''
local seen_bytes = #seen == 40 and string.find(seen, '^[0-9a-f]+$') ~= nil
local seen_stale_at = decimal(seen)
if seen ~= '' and not seen_bytes and not seen_stale_at then
  refuse('seen', 'empty, a stale_at or a SHA-1 in lower-case hex')
end
if problem then
  return redis.error_reply('BADARG acquire: ' .. problem)
end

local bytes = redis.call('GET', VALUE)
local value = header_of(bytes)
if value and value.dirty then
  return { 'HIT', now_text, bytes }
end
if dirty_version() then
  return { 'DIRTY', now_text }
end
if value and (value.stale_at == 0 or value.stale_at > now) then
  local fits = min_version == 0 or (not value.negative and value.version >= min_version)
  local rejected = value.stale_at == seen_stale_at or (seen_bytes and redis.sha1hex(bytes) == seen)
  if fits and not rejected then
    return { 'HIT', now_text, bytes }
  end
end

local floor = digits(decimal(redis.call('GET', FLOOR)) or 0)
local kind, holder = lease_of(redis.call('GET', LEASE))
if redis.call('ZCOUNT', WRITERS, '(' .. now_text, '+inf') > 0 or kind == 'w' or kind == 's' then
  return { 'BYPASS', now_text, floor }
end
if kind and holder ~= token then
  if kind == 'r' then
    redis.call('SETRANGE', LEASE, 0, 'R')
  end
  return { 'WAIT', now_text, floor, digits(redis.call('PTTL', LEASE)) }
end
if not kind then
  redis.call('SET', LEASE, 'r' .. token, 'PX', digits(lease_ms))
end
return { 'LEASE', now_text, floor }
