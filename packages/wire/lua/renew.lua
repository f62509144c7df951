#!lua flags=allow-oom
-- Extends a reader's lease or a writer's fence; what has lapsed is never recreated.
--
-- KEYS[1] value    not read
-- KEYS[2] lease    the right to load or store
-- KEYS[3] floor    not read
-- KEYS[4] writers  the writers that are active
-- KEYS[5] dirty    not read; only for an entity with a log
-- ARGV[1] token    of the acquire or begin
-- ARGV[2] ms       how long it stands from now, ms
-- ARGV[3] role     r = reader, w = writer
-- ARGV[4] id       not read; only for an entity with a log
--
-- Returns OK | LOST, then Redis' clock in epoch ms.
--
-- Atomic, because an expiry must not be extended for another holder than the one that was checked.
-- Allowed at OOM: it adds nothing but a member that the lease proves.
-- Cluster: all keys share the slot of the value.

-- include: _arguments.lua
-- include: _key.lua
-- include: _clock.lua
-- include: _lease.lua
-- include: _writers.lua

expect_arguments(3)
local token = token_of('token', ARGV[1])
local ms = integer('ms', ARGV[2], 1, DURATION_MAX)
local role = ARGV[3]
if role ~= 'r' and role ~= 'w' then
  refuse('role', 'r or w')
end
if problem then
  return redis.error_reply('BADARG renew: ' .. problem)
end

local kind, holder = lease_of(redis.call('GET', LEASE))
if role == 'r' then
  if (kind ~= 'r' and kind ~= 'R') or holder ~= token then
    return { 'LOST', now_text }
  end
  redis.call('PEXPIRE', LEASE, digits(ms))
  return { 'OK', now_text }
end

local holds = (kind == 'w' or kind == 's') and holder == token
local lapses = tonumber(redis.call('ZSCORE', WRITERS, token) or 0)
if not holds and lapses <= now then
  return { 'LOST', now_text }
end
redis.call('ZADD', WRITERS, 'GT', digits(now + ms), token)
expire_writers()
if holds then
  redis.call('PEXPIRE', LEASE, digits(ms))
end
return { 'OK', now_text }
