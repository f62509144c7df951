#!lua
-- Accepts write-behind writes: value, stream entry and dirty mark of each, with a version from the partition's clock.
--
-- One call takes nGroups groups. A group is all writes of one tick for one partition: it has one op and one deadline
-- and is accepted whole or not at all.
--
-- KEYS[1] meta      per group: the partition's clock and limit
-- KEYS[2] wb        per group: its stream
-- KEYS[3] dirty     per group: its marks
-- KEYS[4] ops       per group: its op records of the half that the deadline names, @ops:a even, @ops:b odd slots
-- KEYS[5] value     per item: the entry, followed by nOther values of the other live generations
-- ARGV[1] run       run_id of the server that this connection speaks to
-- ARGV[2] gen       generation of the contract that wrote the items
-- ARGV[3] nOther    number of other live generations
-- ARGV[4] nGroups   number of groups
-- ARGV[5] op        per group: 22 base64url characters, the same for every send of the group
-- ARGV[6] deadline  per group: on the partition's clock, epoch ms, the same for every send of the group
-- ARGV[7] n         per group: number of items; at most 128 in a call
-- ARGV[8] cost      per group: bytes counted against the limit
-- ARGV[9] id        per item: encoded parameters
-- ARGV[10] h        per item: the frame's 16-byte base, DIRTY and VERSION set
-- ARGV[11] p        per item: payload, empty when NEGATIVE
--
-- Returns two strings per group: OK base | DUP base | NOTREADY 0 | FULL retryMs | CLOCK epoch ms of the partition.
-- Item i of the group has version base + i - 1, in us.
--
-- Atomic, because value, stream, mark and op record are one fact: a value that is not in the stream would be lost, an
-- entry without its op record would run twice.
-- Cluster: all keys of a group share the partition's slot; one group a call.

-- include: _arguments.lua

local ITEMS_MAX = 128
local OTHERS_MAX = 8
local SLOT_MS = 30000
local BACKWARD_US = 1000000
local RETRY_LEAST_MS, RETRY_MOST_MS, DRAIN_BYTES_PER_MS = 100, 5000, 1000
local NO_STALE_AT = string.rep('\0', 6)

-- The header is exactly base and version: DIRTY and VERSION set, CREATED_AT, COST and the reserved bits clear.
local function check_head(head, payload)
  if not head or not payload or #head ~= 16 then
    return refuse('h', 'a 16-byte base')
  end
  local first, second, third, units, codec, flags = string.byte(head, 1, 6)
  if first ~= 0xC1 or second ~= 0xCA or third ~= 0x09 or units ~= 12 or bit.band(flags, 0x5F) ~= 0x50 then
    return refuse('h', 'the base of a frame with DIRTY and VERSION')
  end
  if string.sub(head, 11) ~= NO_STALE_AT then
    return refuse('h', 'without stale_at')
  end
  if bit.band(flags, 0x80) == 0 then
    return head
  end
  if payload ~= '' or codec ~= 0 then
    return refuse('p', 'empty when NEGATIVE')
  end
end

local run, gen = ARGV[1], ARGV[2]
if not run or run == '' then
  refuse('run', 'the run_id of the server')
end
integer('gen', gen, 0, 4294967295)
local others = integer('nOther', ARGV[3], 0, OTHERS_MAX)
local count = integer('nGroups', ARGV[4], 1, ITEMS_MAX)
local groups = {}
-- The last head that was found good: most items of a call have the same.
local checked
local key, arg, items = 1, 5, 0
for g = 1, count do
  local group = {
    key = key,
    arg = arg + 4,
    op = token_of('op', ARGV[arg]),
    deadline = integer('deadline', ARGV[arg + 1], 1, VERSION_MAX),
    n = integer('n', ARGV[arg + 2], 1, ITEMS_MAX),
    cost = integer('cost', ARGV[arg + 3], 1, VERSION_MAX),
  }
  group.slot = math.floor(group.deadline / SLOT_MS)
  local half = group.slot % 2 == 0 and '@ops:a' or '@ops:b'
  if string.sub(KEYS[key + 3] or '', -6) ~= half then
    refuse('ops', 'the half of the deadline')
  end
  items = items + group.n
  if problem or items > ITEMS_MAX then
    break
  end
  for at = group.arg, group.arg + group.n * 3 - 1, 3 do
    local id, head, payload = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    if not id or id == '' then
      refuse('id', 'the encoded parameters')
    end
    if head ~= checked or not payload then
      checked = check_head(head, payload)
    end
  end
  groups[g] = group
  key = key + 4 + group.n * (1 + others)
  arg = arg + 4 + group.n * 3
end
if items > ITEMS_MAX then
  refuse('items', 'at most 128 in a call')
elseif #KEYS ~= key - 1 or #ARGV ~= arg - 1 then
  refuse('KEYS and ARGV', 'as many as the groups say')
end
if problem then
  return redis.error_reply('BADARG accept: ' .. problem)
end

local time = redis.call('TIME')
local time_us = tonumber(time[1]) * 1000000 + tonumber(time[2])

local function accept(group)
  local meta, wb, dirty, ops = KEYS[group.key], KEYS[group.key + 1], KEYS[group.key + 2], KEYS[group.key + 3]
  local held_name = group.slot % 2 == 0 and 's0' or 's1'
  local state = redis.call('HMGET', meta, 'run', 'clk', 'skew', 'lim', 'by', held_name)
  -- Only scripts write these, so tonumber() is enough.
  local clk, skew, lim, by = tonumber(state[2]), tonumber(state[3]), tonumber(state[4]), tonumber(state[5])
  if state[1] ~= run or not clk or not skew or not lim or not by then
    return 'NOTREADY', 0
  end
  local now = time_us + skew
  local flow = clk - now > BACKWARD_US
  if flow then
    -- TIME went back: the partition's clock flows on from its last version instead of standing still.
    skew, now = skew + clk - now, clk
  end
  local now_ms = math.floor(now / 1000)
  local held = tonumber(state[6]) or -1
  if group.deadline <= now_ms or group.deadline > now_ms + SLOT_MS or group.slot < held then
    return 'CLOCK', now_ms
  end
  if held == group.slot then
    local base = redis.call('HGET', ops, group.op)
    if base then
      -- A write that propagates, so that a WAIT after it covers the first copy.
      redis.call('HSET', ops, group.op, base)
      return 'DUP', base
    end
  end
  local over = by + group.cost - lim
  if over > 0 then
    return 'FULL', math.min(RETRY_MOST_MS, RETRY_LEAST_MS + math.ceil(over / DRAIN_BYTES_PER_MS))
  end
  -- A mark table of a foreign type must fail here, before any effect.
  redis.call('HLEN', dirty)

  local base = math.max(clk + 1, now)
  local values, marks, stale = {}, {}, {}
  local value_key, at = group.key + 4, group.arg
  for i = 0, group.n - 1 do
    local id, head, payload = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    local version = digits(base + i)
    if i == 0 then
      -- The first write, and the only one that may fail: without its stream the partition is not ready.
      local added = redis.pcall('XADD', wb, 'NOMKSTREAM', version .. '-0', 'k', id, 'g', gen, 'h', head, 'p', payload)
      if not added or type(added) == 'table' then
        return 'NOTREADY', 0
      end
    else
      redis.call('XADD', wb, version .. '-0', 'k', id, 'g', gen, 'h', head, 'p', payload)
    end
    values[2 * i + 1], values[2 * i + 2] = KEYS[value_key], head .. struct.pack('>I8', base + i) .. payload
    marks[2 * i + 1], marks[2 * i + 2] = id, version
    for other = 1, others do
      stale[#stale + 1] = KEYS[value_key + other]
    end
    value_key, at = value_key + 1 + others, at + 3
  end
  redis.call('MSET', unpack(values))
  redis.call('HSET', dirty, unpack(marks))
  if others > 0 then
    redis.call('DEL', unpack(stale))
  end
  local changes = { 'clk', digits(base + group.n - 1), 'by', digits(by + group.cost) }
  if flow then
    changes[#changes + 1], changes[#changes + 2] = 'skew', digits(skew)
  end
  if held ~= group.slot then
    redis.call('UNLINK', ops)
    changes[#changes + 1], changes[#changes + 2] = held_name, digits(group.slot)
  end
  redis.call('HSET', ops, group.op, digits(base))
  redis.call('HSET', meta, unpack(changes))
  return 'OK', base
end

local replies = {}
for g = 1, count do
  local code, number = accept(groups[g])
  replies[2 * g - 1] = code
  replies[2 * g] = type(number) == 'number' and digits(number) or number
end
return replies
