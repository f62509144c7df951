#!lua flags=allow-oom
-- Gives a reader's lease back after a load that failed, and wakes those that wait.
--
-- KEYS[1] value    only its name is published
-- KEYS[2] lease    the right to load or store
-- KEYS[3] floor    not read
-- KEYS[4] writers  not read
-- KEYS[5] dirty    not read; only for an entity with a log
-- ARGV[1] token    of the acquire that answered LEASE
-- ARGV[2] wake     channel for those that wait, or empty
-- ARGV[3] id       not read; only for an entity with a log
--
-- Returns OK | LOST, then Redis' clock in epoch ms.
--
-- Atomic, because the lease of another load must not be deleted.
-- Allowed at OOM: it only deletes.
-- Cluster: all keys share the slot of the value.

-- include: _arguments.lua
-- include: _key.lua
-- include: _clock.lua
-- include: _lease.lua

expect_arguments(2)
local token = token_of('token', ARGV[1])
if problem then
  return redis.error_reply('BADARG release: ' .. problem)
end

local kind, holder = lease_of(redis.call('GET', LEASE))
if (kind ~= 'r' and kind ~= 'R') or holder ~= token then
  return { 'LOST', now_text }
end
redis.call('DEL', LEASE)
if kind == 'R' and ARGV[2] ~= '' then
  redis.call('PUBLISH', ARGV[2], VALUE)
end
return { 'OK', now_text }
