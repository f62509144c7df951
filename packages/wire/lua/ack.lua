#!lua flags=allow-oom
-- Tells a partition that the database has a batch: values become clean and get their expiry, the stream is trimmed.
--
-- KEYS[1] meta      the partition's clock and limit
-- KEYS[2] wb        its stream
-- KEYS[3] dirty     its marks
-- KEYS[4] value     per key: the entry
-- KEYS[5] floor     per key
-- KEYS[6] lease     per key
-- ARGV[1] run       run_id of the server that this connection speaks to
-- ARGV[2] upto      version of the batch's last event: trims the stream; empty in all calls of a batch but the last
-- ARGV[3] events    events of the whole batch, with upto
-- ARGV[4] cost      their cost in bytes, with upto
-- ARGV[5] ttl       ms that a value stays fresh, less jitter
-- ARGV[6] grace     ms that its stale copy may be served after that
-- ARGV[7] floorMs   how long a floor stands, ms; 0 = none
-- ARGV[8] n         number of keys, at most 100
-- ARGV[9] id        per key: encoded parameters
-- ARGV[10] version  per key: the version of its newest event in the batch
-- ARGV[11] mode     per key: A = the table holds it, D = the table refused it, drop the cached value
--
-- Returns OK and the number of marks removed | NOTREADY 0.
--
-- Atomic, because a write accepted between the check of the mark and the patch would lose its DIRTY.
-- Allowed at OOM: a full Redis must still drain. XTRIM stands here only, and only by MINID: a batch is always the head
-- of the stream.
-- Cluster: all keys share the partition's slot.

-- include: _arguments.lua
-- include: _clock.lua
-- include: _header.lua

local KEYS_MAX = 100
local META, STREAM, MARKS = KEYS[1], KEYS[2], KEYS[3]
local run, upto = ARGV[1], ARGV[2]
if not run or run == '' then
  refuse('run', 'the run_id of the server')
end
local last = upto ~= '' and integer('upto', upto, 1, VERSION_MAX - 1)
local events = integer('events', ARGV[3], last and 1 or 0, VERSION_MAX)
local cost = integer('cost', ARGV[4], 0, VERSION_MAX)
local ttl = integer('ttl', ARGV[5], 1, DURATION_MAX)
local grace = integer('grace', ARGV[6], 0, DURATION_MAX)
local floor_ms = integer('floorMs', ARGV[7], 0, DURATION_MAX)
local n = integer('n', ARGV[8], 0, KEYS_MAX)
if #KEYS ~= 3 + 3 * n or #ARGV ~= 8 + 3 * n then
  refuse('KEYS and ARGV', 'as many as n says')
end
local ids = {}
for i = 1, n do
  local at = 6 + 3 * i
  ids[i] = ARGV[at]
  integer('version', ARGV[at + 1], 1, VERSION_MAX)
  if ARGV[at + 2] ~= 'A' and ARGV[at + 2] ~= 'D' then
    refuse('mode', 'A or D')
  end
end
if problem then
  return redis.error_reply('BADARG ack: ' .. problem)
end

-- All reads come first: a record of a foreign type must fail before any effect.
local state = redis.call('HMGET', META, 'run', 'by')
if state[1] ~= run then
  return { 'NOTREADY', '0' }
end
local marked = n > 0 and redis.call('HMGET', MARKS, unpack(ids)) or {}
local length = last and redis.call('XLEN', STREAM)

local stale_at = struct.pack('>I6', grace > 0 and now + ttl or 0)
local expiry = digits(ttl + grace)
local done, leases = {}, {}
for i = 1, n do
  local value_key, floor_key, at = KEYS[1 + 3 * i], KEYS[2 + 3 * i], 6 + 3 * i
  local version, mode = ARGV[at + 1], ARGV[at + 2]
  leases[i] = KEYS[3 + 3 * i]
  if marked[i] == version then
    done[#done + 1] = ids[i]
    -- A value of a foreign type is left alone: it must not stop the drain for ever.
    local bytes = redis.pcall('GETRANGE', value_key, 0, HEADER_END)
    local value = type(bytes) == 'string' and header_of(bytes) or nil
    if value and digits(value.version) == version then
      if mode == 'D' or value.negative then
        redis.call('DEL', value_key)
      else
        local clean = string.char(bit.band(value.flags, 0xFF - DIRTY))
        redis.call('SETRANGE', value_key, 5, clean .. string.sub(bytes, 7, 10) .. stale_at)
        redis.call('PEXPIRE', value_key, expiry)
      end
    end
    if mode == 'A' and floor_ms > 0 then
      -- No comparison: the mark says that nothing newer was accepted.
      redis.call('SET', floor_key, version, 'PX', digits(floor_ms))
    end
  end
end
if #done > 0 then
  redis.call('HDEL', MARKS, unpack(done))
end
if n > 0 then
  redis.call('DEL', unpack(leases))
end
if last then
  local trimmed = redis.call('XTRIM', STREAM, 'MINID', digits(last + 1) .. '-0')
  local by = 0
  if trimmed < length then
    by = math.max(0, math.floor((decimal(state[2]) or 0) - cost * trimmed / events))
  end
  redis.call('HSET', META, 'by', digits(by))
end
return { 'OK', digits(#done) }
