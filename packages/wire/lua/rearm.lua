#!lua flags=allow-oom
-- Ties a partition to the server process that holds it now and lifts its clock above all that the database has.
--
-- KEYS[1] meta      the partition's clock and limit
-- KEYS[2] wb        its stream
-- KEYS[3] dirty     its marks
-- ARGV[1] run       run_id of the server that this connection speaks to
-- ARGV[2] newEpoch  the epoch to enter when something was lost
-- ARGV[3] pgMaxVer  the highest version that the database has of this partition
-- ARGV[4] limit     bytes of backlog that this partition may hold
--
-- Returns SAME | OK | OLDER | LOSS, then epoch, clock in us, number of marks. LOSS: records are gone. OLDER: they are
-- behind the database. Both open a new epoch.
--
-- Atomic, because an accept between the check and the new clock could take a version that the database would refuse.
-- Allowed at OOM: a full Redis that restarted must be armed before it can drain.
-- Cluster: all keys share the partition's slot.

-- include: _arguments.lua

local META, STREAM, MARKS = KEYS[1], KEYS[2], KEYS[3]
-- Bytes that one entry of unknown size counts for.
local ENTRY_COST = 800
if #KEYS ~= 3 or #ARGV ~= 4 then
  refuse('KEYS and ARGV', '3 and 4')
end
local run = ARGV[1]
if not run or run == '' then
  refuse('run', 'the run_id of the server')
end
local new_epoch = integer('newEpoch', ARGV[2], 1, VERSION_MAX)
local stored = integer('pgMaxVer', ARGV[3], 0, VERSION_MAX - 1)
local limit = integer('limit', ARGV[4], 1, VERSION_MAX)
if problem then
  return redis.error_reply('BADARG rearm: ' .. problem)
end

local state = redis.call('HMGET', META, 'run', 'ep', 'clk', 'by')
local epoch, clk, by = decimal(state[2]), decimal(state[3]), decimal(state[4])
local marks = digits(redis.call('HLEN', MARKS))
local length, last = nil, 0
if redis.call('EXISTS', STREAM) == 1 then
  local info = redis.call('XINFO', 'STREAM', STREAM)
  for i = 1, #info, 2 do
    if info[i] == 'length' then
      length = info[i + 1]
    elseif info[i] == 'last-generated-id' then
      last = tonumber(string.match(info[i + 1], '^%d+'))
    end
  end
end

local code = 'OK'
if not epoch or not clk or not length then
  code, epoch = 'LOSS', new_epoch
elseif clk < stored then
  code, epoch = 'OLDER', new_epoch
elseif state[1] == run and last <= clk then
  redis.call('HSET', META, 'lim', digits(limit))
  return { 'SAME', digits(epoch), digits(clk), marks }
end

local time = redis.call('TIME')
local time_us = tonumber(time[1]) * 1000000 + tonumber(time[2])
clk = math.max(1, clk or 0, stored, last)
if not length then
  -- An emptied stream keeps refusing older ids; a deleted one would take any.
  redis.call('XADD', STREAM, digits(clk) .. '-0', 'k', '')
  redis.call('XDEL', STREAM, digits(clk) .. '-0')
  by = 0
end
by = by or length * ENTRY_COST
local skew = math.max(0, clk - time_us)
redis.call(
  'HSET', META, 'run', run, 'ep', digits(epoch), 'clk', digits(clk), 'skew', digits(skew), 'by', digits(by),
  'lim', digits(limit)
)
return { code, digits(epoch), digits(clk), marks }
