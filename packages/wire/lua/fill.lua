#!lua
-- Stores a loaded value under the lease of acquire. Sent once.
--
-- KEYS[1] value    the entry
-- KEYS[2] lease    the right to load or store
-- KEYS[3] floor    the highest version known committed
-- KEYS[4] writers  not read: begin takes the lease away
-- KEYS[5] dirty    marks of the partition; only for an entity with a log
-- ARGV[1] token    of the acquire that answered LEASE
-- ARGV[2] frame    the value; NEGATIVE when the row does not exist
-- ARGV[3] px       physical expiry, ms
-- ARGV[4] fresh    ms until it is stale, 0 = never stamped
-- ARGV[5] seen     as in that acquire
-- ARGV[6] wake     channel for those that wait, or empty
-- ARGV[7] id       encoded parameters; only for an entity with a log
--
-- Returns STORED | LOST | STALE | NEWER, then Redis' clock in epoch ms.
--
-- Atomic, because the check of the token and the SET must not be seen apart: an invalidation in between would be
-- undone by the old row.
-- Cluster: all keys share the slot of the value.

-- include: _arguments.lua
-- include: _key.lua
-- include: _clock.lua
-- include: _header.lua
-- include: _frame.lua
-- include: _lease.lua

expect_arguments(6)
local token = token_of('token', ARGV[1])
local frame = ARGV[2]
local header = frame_of(frame)
local px = integer('px', ARGV[3], 1, DURATION_MAX)
local fresh = integer('fresh', ARGV[4], 0, DURATION_MAX)
local seen = ARGV[5] or ''
local seen_bytes = #seen == 40 and string.find(seen, '^[0-9a-f]+$') ~= nil
if seen ~= '' and not seen_bytes and not decimal(seen) then
  refuse('seen', 'empty, a stale_at or a SHA-1 in lower-case hex')
end
if problem then
  return redis.error_reply('BADARG fill: ' .. problem)
end

local kind, holder = lease_of(redis.call('GET', LEASE))
if (kind ~= 'r' and kind ~= 'R') or holder ~= token then
  return { 'LOST', now_text }
end

local value = header_of(redis.call('GETRANGE', VALUE, 0, HEADER_END))
local floor = decimal(redis.call('GET', FLOOR)) or 0
local dirty = dirty_version()
local code = 'STORED'
if dirty and (header.negative or header.version < dirty) then
  code = 'STALE'
elseif value and value.dirty then
  code = 'NEWER'
elseif header.negative then
  -- "Not found" has no version of its own to hold against a floor.
  if floor > 0 then
    code = 'STALE'
  end
elseif header.version < floor then
  code = 'STALE'
elseif value and not value.negative and value.version > header.version then
  -- Only above: an equal version is stored again, or an unchanged row could never be stamped fresh.
  if not seen_bytes or redis.sha1hex(redis.call('GET', VALUE)) ~= seen then
    code = 'NEWER'
  end
end

if code == 'STORED' then
  redis.call('SET', VALUE, stamped(frame, header, fresh), 'PX', digits(px))
end
redis.call('DEL', LEASE)
if kind == 'R' and ARGV[6] ~= '' then
  redis.call('PUBLISH', ARGV[6], VALUE)
end
return { code, now_text }
