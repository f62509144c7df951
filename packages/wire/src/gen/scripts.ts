// Generated from lua/*.lua by scripts/generate.ts. Do not edit.

export type ScriptName =
  | "accept"
  | "ack"
  | "acquire"
  | "begin"
  | "fill"
  | "finish"
  | "pending"
  | "rearm"
  | "release"
  | "renew"
  | "store";

export interface Script {
  readonly name: ScriptName;
  /** What EVALSHA takes: SHA-1 of `source`, in hex. */
  readonly sha1: string;
  /** Names of KEYS in order, by the script's header comment. */
  readonly keys: readonly string[];
  readonly argv: readonly string[];
  readonly source: string;
}

/** Every Lua script by name: the closed list of what is sent to Redis. */
export const scripts: Readonly<Record<ScriptName, Script>> = {
  "accept": {
    name: "accept",
    sha1: "9ca6541119dee07b2015e8bfc02163c78232a628",
    keys: ["meta", "wb", "dirty", "ops", "value"],
    argv: ["run", "gen", "nOther", "nGroups", "op", "deadline", "n", "cost", "id", "h", "p"],
    source: `#!lua
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

-- Checks of arguments: the first problem is kept and answered as BADARG before any effect.
local DURATION_MAX = 999999999999
local VERSION_MAX = 9007199254740991
local problem

local function refuse(name, expected)
  problem = problem or (name .. ' must be ' .. expected)
end

-- tonumber() alone would also take hex, exponents, blanks and "inf".
local function decimal(text)
  if text and #text <= 16 and (text == '0' or string.find(text, '^[1-9]%d*$')) then
    return tonumber(text)
  end
  return nil
end

local function integer(name, text, least, most)
  local value = decimal(text)
  if not value or value < least or value > most then
    refuse(name, string.format('an integer from %.0f to %.0f', least, most))
    return least
  end
  return value
end

local function token_of(name, text)
  if not text or #text ~= 22 or not string.find(text, '^[%w_-]+$') then
    refuse(name, '22 base64url characters')
  end
  return text
end

local function digits(number)
  return string.format('%.0f', number)
end

local ITEMS_MAX = 128
local OTHERS_MAX = 8
local SLOT_MS = 30000
local BACKWARD_US = 1000000
local RETRY_LEAST_MS, RETRY_MOST_MS, DRAIN_BYTES_PER_MS = 100, 5000, 1000
local NO_STALE_AT = string.rep('\\0', 6)

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
`,
  },
  "ack": {
    name: "ack",
    sha1: "eda86708d71be6d2b5525d51a12d30243d6ac892",
    keys: ["meta", "wb", "dirty", "value", "floor", "lease"],
    argv: ["run", "upto", "events", "cost", "ttl", "grace", "floorMs", "n", "id", "version", "mode"],
    source: `#!lua flags=allow-oom
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

-- Checks of arguments: the first problem is kept and answered as BADARG before any effect.
local DURATION_MAX = 999999999999
local VERSION_MAX = 9007199254740991
local problem

local function refuse(name, expected)
  problem = problem or (name .. ' must be ' .. expected)
end

-- tonumber() alone would also take hex, exponents, blanks and "inf".
local function decimal(text)
  if text and #text <= 16 and (text == '0' or string.find(text, '^[1-9]%d*$')) then
    return tonumber(text)
  end
  return nil
end

local function integer(name, text, least, most)
  local value = decimal(text)
  if not value or value < least or value > most then
    refuse(name, string.format('an integer from %.0f to %.0f', least, most))
    return least
  end
  return value
end

local function token_of(name, text)
  if not text or #text ~= 22 or not string.find(text, '^[%w_-]+$') then
    refuse(name, '22 base64url characters')
  end
  return text
end

local function digits(number)
  return string.format('%.0f', number)
end
-- Redis' clock, read once: some servers let it move inside a script.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local now_text = string.format('%.0f', now)
-- The header of a stored entry (SPEC 3 and 9). Its first 34 bytes are enough; the payload is never read.
local NEGATIVE, DIRTY, VERSIONED, CREATED, COST = 0x80, 0x40, 0x10, 0x08, 0x04
local HEADER_END = 33

local function header_of(bytes)
  if not bytes or bytes == '' then
    return nil
  end
  local first, second, third, units, _, flags = string.byte(bytes, 1, 6)
  if first ~= 0xC1 or second ~= 0xCA then
    return { plain = true, flags = 0, negative = bytes == 'null', dirty = false, version = 0, stale_at = 0 }
  end
  if third ~= 0x09 or #bytes < 16 then
    return nil
  end
  local versioned = bit.band(flags, VERSIONED) ~= 0
  local created = bit.band(flags, CREATED) ~= 0
  local length = 16 + (versioned and 8 or 0) + (created and 6 or 0) + (bit.band(flags, COST) ~= 0 and 4 or 0)
  if #bytes < length or units * 2 < length then
    return nil
  end
  local version = versioned and struct.unpack('>I8', bytes, 17) or 0
  if version > 9007199254740991 then
    return nil
  end
  return {
    plain = false,
    flags = flags,
    negative = bit.band(flags, NEGATIVE) ~= 0,
    dirty = bit.band(flags, DIRTY) ~= 0,
    version = version,
    versioned = versioned,
    created_at = created and (versioned and 24 or 16) or nil,
    stale_at = struct.unpack('>I6', bytes, 11),
  }
end

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
`,
  },
  "acquire": {
    name: "acquire",
    sha1: "7995379771d4551c1bc4ca09a7fc73002297d418",
    keys: ["value", "lease", "floor", "writers", "dirty"],
    argv: ["token", "leaseMs", "minVersion", "seen", "id"],
    source: `#!lua
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

-- Checks of arguments: the first problem is kept and answered as BADARG before any effect.
local DURATION_MAX = 999999999999
local VERSION_MAX = 9007199254740991
local problem

local function refuse(name, expected)
  problem = problem or (name .. ' must be ' .. expected)
end

-- tonumber() alone would also take hex, exponents, blanks and "inf".
local function decimal(text)
  if text and #text <= 16 and (text == '0' or string.find(text, '^[1-9]%d*$')) then
    return tonumber(text)
  end
  return nil
end

local function integer(name, text, least, most)
  local value = decimal(text)
  if not value or value < least or value > most then
    refuse(name, string.format('an integer from %.0f to %.0f', least, most))
    return least
  end
  return value
end

local function token_of(name, text)
  if not text or #text ~= 22 or not string.find(text, '^[%w_-]+$') then
    refuse(name, '22 base64url characters')
  end
  return text
end

local function digits(number)
  return string.format('%.0f', number)
end
-- The records of one key. An entity with a log passes the fifth key and one last argument, id; another neither.
local VALUE, LEASE, FLOOR, WRITERS, MARKS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local id

local function expect_arguments(count)
  if #KEYS ~= 4 and #KEYS ~= 5 then
    refuse('KEYS', 'value, lease, floor, writers and, with a log, dirty')
  elseif #ARGV ~= count + #KEYS - 4 then
    refuse('ARGV', count .. ' arguments and, with a log, id')
  elseif MARKS then
    id = ARGV[#ARGV]
    if id == '' then
      refuse('id', 'the encoded parameters')
    end
  end
end

-- The version of this key that waits for the database, or nil.
local function dirty_version()
  local version = MARKS and redis.call('HGET', MARKS, id)
  return version and (decimal(version) or VERSION_MAX) or nil
end
-- Redis' clock, read once: some servers let it move inside a script.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local now_text = string.format('%.0f', now)
-- The header of a stored entry (SPEC 3 and 9). Its first 34 bytes are enough; the payload is never read.
local NEGATIVE, DIRTY, VERSIONED, CREATED, COST = 0x80, 0x40, 0x10, 0x08, 0x04
local HEADER_END = 33

local function header_of(bytes)
  if not bytes or bytes == '' then
    return nil
  end
  local first, second, third, units, _, flags = string.byte(bytes, 1, 6)
  if first ~= 0xC1 or second ~= 0xCA then
    return { plain = true, flags = 0, negative = bytes == 'null', dirty = false, version = 0, stale_at = 0 }
  end
  if third ~= 0x09 or #bytes < 16 then
    return nil
  end
  local versioned = bit.band(flags, VERSIONED) ~= 0
  local created = bit.band(flags, CREATED) ~= 0
  local length = 16 + (versioned and 8 or 0) + (created and 6 or 0) + (bit.band(flags, COST) ~= 0 and 4 or 0)
  if #bytes < length or units * 2 < length then
    return nil
  end
  local version = versioned and struct.unpack('>I8', bytes, 17) or 0
  if version > 9007199254740991 then
    return nil
  end
  return {
    plain = false,
    flags = flags,
    negative = bit.band(flags, NEGATIVE) ~= 0,
    dirty = bit.band(flags, DIRTY) ~= 0,
    version = version,
    versioned = versioned,
    created_at = created and (versioned and 24 or 16) or nil,
    stale_at = struct.unpack('>I6', bytes, 11),
  }
end
-- The lease: kind byte and token. nil = nobody holds it, or the bytes are not a lease.
local function lease_of(bytes)
  if not bytes or #bytes ~= 23 or not string.find(bytes, '^[rRws]') then
    return nil, nil
  end
  return string.sub(bytes, 1, 1), string.sub(bytes, 2)
end

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
`,
  },
  "begin": {
    name: "begin",
    sha1: "2bfda6ea56592b028e383837b1a15c4c29ddc11b",
    keys: ["value", "lease", "floor", "writers", "dirty"],
    argv: ["token", "markerMs", "prev", "id"],
    source: `#!lua flags=allow-oom
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

-- Checks of arguments: the first problem is kept and answered as BADARG before any effect.
local DURATION_MAX = 999999999999
local VERSION_MAX = 9007199254740991
local problem

local function refuse(name, expected)
  problem = problem or (name .. ' must be ' .. expected)
end

-- tonumber() alone would also take hex, exponents, blanks and "inf".
local function decimal(text)
  if text and #text <= 16 and (text == '0' or string.find(text, '^[1-9]%d*$')) then
    return tonumber(text)
  end
  return nil
end

local function integer(name, text, least, most)
  local value = decimal(text)
  if not value or value < least or value > most then
    refuse(name, string.format('an integer from %.0f to %.0f', least, most))
    return least
  end
  return value
end

local function token_of(name, text)
  if not text or #text ~= 22 or not string.find(text, '^[%w_-]+$') then
    refuse(name, '22 base64url characters')
  end
  return text
end

local function digits(number)
  return string.format('%.0f', number)
end
-- The records of one key. An entity with a log passes the fifth key and one last argument, id; another neither.
local VALUE, LEASE, FLOOR, WRITERS, MARKS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local id

local function expect_arguments(count)
  if #KEYS ~= 4 and #KEYS ~= 5 then
    refuse('KEYS', 'value, lease, floor, writers and, with a log, dirty')
  elseif #ARGV ~= count + #KEYS - 4 then
    refuse('ARGV', count .. ' arguments and, with a log, id')
  elseif MARKS then
    id = ARGV[#ARGV]
    if id == '' then
      refuse('id', 'the encoded parameters')
    end
  end
end

-- The version of this key that waits for the database, or nil.
local function dirty_version()
  local version = MARKS and redis.call('HGET', MARKS, id)
  return version and (decimal(version) or VERSION_MAX) or nil
end
-- Redis' clock, read once: some servers let it move inside a script.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local now_text = string.format('%.0f', now)
-- The header of a stored entry (SPEC 3 and 9). Its first 34 bytes are enough; the payload is never read.
local NEGATIVE, DIRTY, VERSIONED, CREATED, COST = 0x80, 0x40, 0x10, 0x08, 0x04
local HEADER_END = 33

local function header_of(bytes)
  if not bytes or bytes == '' then
    return nil
  end
  local first, second, third, units, _, flags = string.byte(bytes, 1, 6)
  if first ~= 0xC1 or second ~= 0xCA then
    return { plain = true, flags = 0, negative = bytes == 'null', dirty = false, version = 0, stale_at = 0 }
  end
  if third ~= 0x09 or #bytes < 16 then
    return nil
  end
  local versioned = bit.band(flags, VERSIONED) ~= 0
  local created = bit.band(flags, CREATED) ~= 0
  local length = 16 + (versioned and 8 or 0) + (created and 6 or 0) + (bit.band(flags, COST) ~= 0 and 4 or 0)
  if #bytes < length or units * 2 < length then
    return nil
  end
  local version = versioned and struct.unpack('>I8', bytes, 17) or 0
  if version > 9007199254740991 then
    return nil
  end
  return {
    plain = false,
    flags = flags,
    negative = bit.band(flags, NEGATIVE) ~= 0,
    dirty = bit.band(flags, DIRTY) ~= 0,
    version = version,
    versioned = versioned,
    created_at = created and (versioned and 24 or 16) or nil,
    stale_at = struct.unpack('>I6', bytes, 11),
  }
end
-- The lease: kind byte and token. nil = nobody holds it, or the bytes are not a lease.
local function lease_of(bytes)
  if not bytes or #bytes ~= 23 or not string.find(bytes, '^[rRws]') then
    return nil, nil
  end
  return string.sub(bytes, 1, 1), string.sub(bytes, 2)
end
-- The set of writers lives as long as its latest member.
local function expire_writers()
  local latest = redis.call('ZRANGE', WRITERS, -1, -1, 'WITHSCORES')
  redis.call('PEXPIREAT', WRITERS, digits(tonumber(latest[2])))
end

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
`,
  },
  "fill": {
    name: "fill",
    sha1: "330e0c35b3538d2a8c9d204027c1aee2b24180ce",
    keys: ["value", "lease", "floor", "writers", "dirty"],
    argv: ["token", "frame", "px", "fresh", "seen", "wake", "id"],
    source: `#!lua
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

-- Checks of arguments: the first problem is kept and answered as BADARG before any effect.
local DURATION_MAX = 999999999999
local VERSION_MAX = 9007199254740991
local problem

local function refuse(name, expected)
  problem = problem or (name .. ' must be ' .. expected)
end

-- tonumber() alone would also take hex, exponents, blanks and "inf".
local function decimal(text)
  if text and #text <= 16 and (text == '0' or string.find(text, '^[1-9]%d*$')) then
    return tonumber(text)
  end
  return nil
end

local function integer(name, text, least, most)
  local value = decimal(text)
  if not value or value < least or value > most then
    refuse(name, string.format('an integer from %.0f to %.0f', least, most))
    return least
  end
  return value
end

local function token_of(name, text)
  if not text or #text ~= 22 or not string.find(text, '^[%w_-]+$') then
    refuse(name, '22 base64url characters')
  end
  return text
end

local function digits(number)
  return string.format('%.0f', number)
end
-- The records of one key. An entity with a log passes the fifth key and one last argument, id; another neither.
local VALUE, LEASE, FLOOR, WRITERS, MARKS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local id

local function expect_arguments(count)
  if #KEYS ~= 4 and #KEYS ~= 5 then
    refuse('KEYS', 'value, lease, floor, writers and, with a log, dirty')
  elseif #ARGV ~= count + #KEYS - 4 then
    refuse('ARGV', count .. ' arguments and, with a log, id')
  elseif MARKS then
    id = ARGV[#ARGV]
    if id == '' then
      refuse('id', 'the encoded parameters')
    end
  end
end

-- The version of this key that waits for the database, or nil.
local function dirty_version()
  local version = MARKS and redis.call('HGET', MARKS, id)
  return version and (decimal(version) or VERSION_MAX) or nil
end
-- Redis' clock, read once: some servers let it move inside a script.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local now_text = string.format('%.0f', now)
-- The header of a stored entry (SPEC 3 and 9). Its first 34 bytes are enough; the payload is never read.
local NEGATIVE, DIRTY, VERSIONED, CREATED, COST = 0x80, 0x40, 0x10, 0x08, 0x04
local HEADER_END = 33

local function header_of(bytes)
  if not bytes or bytes == '' then
    return nil
  end
  local first, second, third, units, _, flags = string.byte(bytes, 1, 6)
  if first ~= 0xC1 or second ~= 0xCA then
    return { plain = true, flags = 0, negative = bytes == 'null', dirty = false, version = 0, stale_at = 0 }
  end
  if third ~= 0x09 or #bytes < 16 then
    return nil
  end
  local versioned = bit.band(flags, VERSIONED) ~= 0
  local created = bit.band(flags, CREATED) ~= 0
  local length = 16 + (versioned and 8 or 0) + (created and 6 or 0) + (bit.band(flags, COST) ~= 0 and 4 or 0)
  if #bytes < length or units * 2 < length then
    return nil
  end
  local version = versioned and struct.unpack('>I8', bytes, 17) or 0
  if version > 9007199254740991 then
    return nil
  end
  return {
    plain = false,
    flags = flags,
    negative = bit.band(flags, NEGATIVE) ~= 0,
    dirty = bit.band(flags, DIRTY) ~= 0,
    version = version,
    versioned = versioned,
    created_at = created and (versioned and 24 or 16) or nil,
    stale_at = struct.unpack('>I6', bytes, 11),
  }
end
-- A frame on its way into the value: checked as an argument, stamped with Redis' clock.
local function frame_of(bytes)
  local header = header_of(bytes)
  if not header then
    refuse('frame', 'a frame or PLAIN bytes')
  elseif header.dirty then
    refuse('frame', 'without DIRTY')
  elseif header.negative and header.versioned then
    refuse('frame', 'without a version when it is NEGATIVE')
  end
  return header
end

local function stamped(bytes, header, fresh)
  if header.plain then
    return bytes
  end
  local stale_at = struct.pack('>I6', fresh > 0 and now + fresh or 0)
  local at = header.created_at
  if not at then
    return string.sub(bytes, 1, 10) .. stale_at .. string.sub(bytes, 17)
  end
  local created_at = struct.pack('>I6', now)
  return string.sub(bytes, 1, 10) .. stale_at .. string.sub(bytes, 17, at) .. created_at .. string.sub(bytes, at + 7)
end
-- The lease: kind byte and token. nil = nobody holds it, or the bytes are not a lease.
local function lease_of(bytes)
  if not bytes or #bytes ~= 23 or not string.find(bytes, '^[rRws]') then
    return nil, nil
  end
  return string.sub(bytes, 1, 1), string.sub(bytes, 2)
end

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
`,
  },
  "finish": {
    name: "finish",
    sha1: "754445d73a90c24a1ae927d9a71d86bbefbe4538",
    keys: ["value", "lease", "floor", "writers", "dirty"],
    argv: ["token", "prev", "version", "floorMs", "keep", "wake", "l1", "id"],
    source: `#!lua flags=allow-oom
-- Ends a write or invalidates: raises the floor, ends the lease, deletes the value. Sent again until acknowledged.
--
-- KEYS[1] value    the entry
-- KEYS[2] lease    the right to load or store
-- KEYS[3] floor    the highest version known committed
-- KEYS[4] writers  the writers that are active
-- KEYS[5] dirty    marks of the partition; only for an entity with a log
-- ARGV[1] token    of this writer's begin; empty for invalidate and relay
-- ARGV[2] prev     of its earlier begin that was not answered, or empty
-- ARGV[3] version  committed version, 0 = none
-- ARGV[4] floorMs  how long the floor stands, ms
-- ARGV[5] keep     1 = a value as new as version may stay, 0 = delete it in any case
-- ARGV[6] wake     channel for those that wait, or empty
-- ARGV[7] l1       channel of in-process caches, or empty
-- ARGV[8] id       encoded parameters; only for an entity with a log
--
-- Returns DELETED | KEPT | DIRTY, then Redis' clock in epoch ms.
--
-- Atomic, because raising the floor, ending the lease and deleting the value must not be seen apart: a loader of the
-- old row would store it in between. Allowed at OOM: a full Redis must still invalidate; it writes one floor at most.
-- Cluster: all keys share the slot of the value.

-- Checks of arguments: the first problem is kept and answered as BADARG before any effect.
local DURATION_MAX = 999999999999
local VERSION_MAX = 9007199254740991
local problem

local function refuse(name, expected)
  problem = problem or (name .. ' must be ' .. expected)
end

-- tonumber() alone would also take hex, exponents, blanks and "inf".
local function decimal(text)
  if text and #text <= 16 and (text == '0' or string.find(text, '^[1-9]%d*$')) then
    return tonumber(text)
  end
  return nil
end

local function integer(name, text, least, most)
  local value = decimal(text)
  if not value or value < least or value > most then
    refuse(name, string.format('an integer from %.0f to %.0f', least, most))
    return least
  end
  return value
end

local function token_of(name, text)
  if not text or #text ~= 22 or not string.find(text, '^[%w_-]+$') then
    refuse(name, '22 base64url characters')
  end
  return text
end

local function digits(number)
  return string.format('%.0f', number)
end
-- The records of one key. An entity with a log passes the fifth key and one last argument, id; another neither.
local VALUE, LEASE, FLOOR, WRITERS, MARKS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local id

local function expect_arguments(count)
  if #KEYS ~= 4 and #KEYS ~= 5 then
    refuse('KEYS', 'value, lease, floor, writers and, with a log, dirty')
  elseif #ARGV ~= count + #KEYS - 4 then
    refuse('ARGV', count .. ' arguments and, with a log, id')
  elseif MARKS then
    id = ARGV[#ARGV]
    if id == '' then
      refuse('id', 'the encoded parameters')
    end
  end
end

-- The version of this key that waits for the database, or nil.
local function dirty_version()
  local version = MARKS and redis.call('HGET', MARKS, id)
  return version and (decimal(version) or VERSION_MAX) or nil
end
-- Redis' clock, read once: some servers let it move inside a script.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local now_text = string.format('%.0f', now)
-- The header of a stored entry (SPEC 3 and 9). Its first 34 bytes are enough; the payload is never read.
local NEGATIVE, DIRTY, VERSIONED, CREATED, COST = 0x80, 0x40, 0x10, 0x08, 0x04
local HEADER_END = 33

local function header_of(bytes)
  if not bytes or bytes == '' then
    return nil
  end
  local first, second, third, units, _, flags = string.byte(bytes, 1, 6)
  if first ~= 0xC1 or second ~= 0xCA then
    return { plain = true, flags = 0, negative = bytes == 'null', dirty = false, version = 0, stale_at = 0 }
  end
  if third ~= 0x09 or #bytes < 16 then
    return nil
  end
  local versioned = bit.band(flags, VERSIONED) ~= 0
  local created = bit.band(flags, CREATED) ~= 0
  local length = 16 + (versioned and 8 or 0) + (created and 6 or 0) + (bit.band(flags, COST) ~= 0 and 4 or 0)
  if #bytes < length or units * 2 < length then
    return nil
  end
  local version = versioned and struct.unpack('>I8', bytes, 17) or 0
  if version > 9007199254740991 then
    return nil
  end
  return {
    plain = false,
    flags = flags,
    negative = bit.band(flags, NEGATIVE) ~= 0,
    dirty = bit.band(flags, DIRTY) ~= 0,
    version = version,
    versioned = versioned,
    created_at = created and (versioned and 24 or 16) or nil,
    stale_at = struct.unpack('>I6', bytes, 11),
  }
end
-- The lease: kind byte and token. nil = nobody holds it, or the bytes are not a lease.
local function lease_of(bytes)
  if not bytes or #bytes ~= 23 or not string.find(bytes, '^[rRws]') then
    return nil, nil
  end
  return string.sub(bytes, 1, 1), string.sub(bytes, 2)
end
-- What finish and store share (SPEC 10.4). \`write\` is nil, or { bytes, header, px, fresh } of store.
local function finish(name, write)
  local token, prev, wake, l1 = ARGV[1], ARGV[2], ARGV[6], ARGV[7]
  local version = integer('version', ARGV[3], 0, VERSION_MAX)
  local floor_ms = integer('floorMs', ARGV[4], version > 0 and 1 or 0, DURATION_MAX)
  local keep = integer('keep', ARGV[5], 0, 1) == 1
  if token ~= '' or write then
    token_of('token', token)
  end
  if prev ~= '' then
    token_of('prev', prev)
    if prev == token then
      refuse('prev', 'another token')
    end
  end
  if write and not problem and not write.header.negative and write.header.version ~= version then
    refuse('version', 'the version of the frame')
  elseif write and not problem and write.header.plain and version ~= 0 then
    refuse('version', '0 for PLAIN bytes')
  end
  if problem then
    return redis.error_reply('BADARG ' .. name .. ': ' .. problem)
  end

  -- All reads come first: a record of a foreign type must fail before any effect.
  local value = header_of(redis.call('GETRANGE', VALUE, 0, HEADER_END))
  local dirty = dirty_version() or (value and value.dirty)
  local kind, holder = lease_of(redis.call('GET', LEASE))
  local floor = version > 0 and (decimal(redis.call('GET', FLOOR)) or 0) or 0

  redis.call('ZREMRANGEBYSCORE', WRITERS, '-inf', now_text)
  local found = token ~= '' and redis.call('ZREM', WRITERS, token) == 1
  if prev ~= '' and redis.call('ZREM', WRITERS, prev) == 1 then
    found = true
  end

  local of_writer = kind == 'w' or kind == 's'
  if of_writer and holder ~= token and holder ~= prev then
    -- The other writer keeps its fence and loses the right to store: it may have committed before this one.
    redis.call('SETRANGE', LEASE, 0, 's')
  elseif kind == 's' and not found then
    -- The set of writers was evicted: others may be active, so the fence stays until it lapses.
  elseif kind then
    redis.call('DEL', LEASE)
  end

  if version > 0 then
    floor = math.max(floor, version)
    redis.call('SET', FLOOR, digits(floor), 'PX', digits(floor_ms))
  end

  local code = 'DELETED'
  if dirty then
    code = 'DIRTY'
  elseif write and kind == 'w' and holder == token and version >= floor then
    redis.call('SET', VALUE, stamped(write.bytes, write.header, write.fresh), 'PX', digits(write.px))
    code = 'STORED'
  elseif keep and version > 0 and value and not value.negative and value.version >= version then
    code = 'KEPT'
  else
    redis.call('DEL', VALUE)
  end
  if kind == 'R' and wake ~= '' then
    redis.call('PUBLISH', wake, VALUE)
  end
  if l1 ~= '' then
    redis.call('PUBLISH', l1, VALUE .. '\\0' .. digits(version))
  end
  return { code, now_text }
end

expect_arguments(7)
if problem then
  return redis.error_reply('BADARG finish: ' .. problem)
end
return finish('finish', nil)
`,
  },
  "pending": {
    name: "pending",
    sha1: "4886fe10efdaf9738bb5b4185d262a8c799e1a2e",
    keys: ["dirty", "wb"],
    argv: ["id", "gen"],
    source: `#!lua flags=no-writes
-- Reads a dirty entry whose value is not in its key any more from the stream.
--
-- KEYS[1] dirty  marks of the partition
-- KEYS[2] wb     its stream
-- ARGV[1] id     encoded parameters
-- ARGV[2] gen    generation that the caller reads
--
-- Returns CLEAN | PENDING, version, frame | OTHER, version, generation | GONE, version. OTHER: the write is of another
-- generation. GONE: the mark stands, its entry does not.
--
-- Atomic, because an ack between the mark and the entry would look like a loss.
-- Cluster: both keys share the partition's slot.

-- Checks of arguments: the first problem is kept and answered as BADARG before any effect.
local DURATION_MAX = 999999999999
local VERSION_MAX = 9007199254740991
local problem

local function refuse(name, expected)
  problem = problem or (name .. ' must be ' .. expected)
end

-- tonumber() alone would also take hex, exponents, blanks and "inf".
local function decimal(text)
  if text and #text <= 16 and (text == '0' or string.find(text, '^[1-9]%d*$')) then
    return tonumber(text)
  end
  return nil
end

local function integer(name, text, least, most)
  local value = decimal(text)
  if not value or value < least or value > most then
    refuse(name, string.format('an integer from %.0f to %.0f', least, most))
    return least
  end
  return value
end

local function token_of(name, text)
  if not text or #text ~= 22 or not string.find(text, '^[%w_-]+$') then
    refuse(name, '22 base64url characters')
  end
  return text
end

local function digits(number)
  return string.format('%.0f', number)
end

if #KEYS ~= 2 or #ARGV ~= 2 then
  refuse('KEYS and ARGV', '2 and 2')
end
local id, gen = ARGV[1], ARGV[2]
if not id or id == '' then
  refuse('id', 'the encoded parameters')
end
integer('gen', gen, 0, 4294967295)
if problem then
  return redis.error_reply('BADARG pending: ' .. problem)
end

local version = redis.call('HGET', KEYS[1], id)
if not version then
  return { 'CLEAN' }
end
local number = decimal(version)
local entry = number and redis.call('XRANGE', KEYS[2], version .. '-0', version .. '-0')[1]
local fields = {}
if entry then
  for i = 1, #entry[2], 2 do
    fields[entry[2][i]] = entry[2][i + 1]
  end
end
if fields.k ~= id or not fields.g or not fields.h or not fields.p then
  return { 'GONE', version }
end
if fields.g ~= gen then
  return { 'OTHER', version, fields.g }
end
return { 'PENDING', version, fields.h .. struct.pack('>I8', number) .. fields.p }
`,
  },
  "rearm": {
    name: "rearm",
    sha1: "e6cf6d8f5931e9b73b4b38032e4b945dd812dd92",
    keys: ["meta", "wb", "dirty"],
    argv: ["run", "newEpoch", "pgMaxVer", "limit"],
    source: `#!lua flags=allow-oom
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

-- Checks of arguments: the first problem is kept and answered as BADARG before any effect.
local DURATION_MAX = 999999999999
local VERSION_MAX = 9007199254740991
local problem

local function refuse(name, expected)
  problem = problem or (name .. ' must be ' .. expected)
end

-- tonumber() alone would also take hex, exponents, blanks and "inf".
local function decimal(text)
  if text and #text <= 16 and (text == '0' or string.find(text, '^[1-9]%d*$')) then
    return tonumber(text)
  end
  return nil
end

local function integer(name, text, least, most)
  local value = decimal(text)
  if not value or value < least or value > most then
    refuse(name, string.format('an integer from %.0f to %.0f', least, most))
    return least
  end
  return value
end

local function token_of(name, text)
  if not text or #text ~= 22 or not string.find(text, '^[%w_-]+$') then
    refuse(name, '22 base64url characters')
  end
  return text
end

local function digits(number)
  return string.format('%.0f', number)
end

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
`,
  },
  "release": {
    name: "release",
    sha1: "daa1671f1011ae77bfe5faa60d331e842862d9e3",
    keys: ["value", "lease", "floor", "writers", "dirty"],
    argv: ["token", "wake", "id"],
    source: `#!lua flags=allow-oom
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

-- Checks of arguments: the first problem is kept and answered as BADARG before any effect.
local DURATION_MAX = 999999999999
local VERSION_MAX = 9007199254740991
local problem

local function refuse(name, expected)
  problem = problem or (name .. ' must be ' .. expected)
end

-- tonumber() alone would also take hex, exponents, blanks and "inf".
local function decimal(text)
  if text and #text <= 16 and (text == '0' or string.find(text, '^[1-9]%d*$')) then
    return tonumber(text)
  end
  return nil
end

local function integer(name, text, least, most)
  local value = decimal(text)
  if not value or value < least or value > most then
    refuse(name, string.format('an integer from %.0f to %.0f', least, most))
    return least
  end
  return value
end

local function token_of(name, text)
  if not text or #text ~= 22 or not string.find(text, '^[%w_-]+$') then
    refuse(name, '22 base64url characters')
  end
  return text
end

local function digits(number)
  return string.format('%.0f', number)
end
-- The records of one key. An entity with a log passes the fifth key and one last argument, id; another neither.
local VALUE, LEASE, FLOOR, WRITERS, MARKS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local id

local function expect_arguments(count)
  if #KEYS ~= 4 and #KEYS ~= 5 then
    refuse('KEYS', 'value, lease, floor, writers and, with a log, dirty')
  elseif #ARGV ~= count + #KEYS - 4 then
    refuse('ARGV', count .. ' arguments and, with a log, id')
  elseif MARKS then
    id = ARGV[#ARGV]
    if id == '' then
      refuse('id', 'the encoded parameters')
    end
  end
end

-- The version of this key that waits for the database, or nil.
local function dirty_version()
  local version = MARKS and redis.call('HGET', MARKS, id)
  return version and (decimal(version) or VERSION_MAX) or nil
end
-- Redis' clock, read once: some servers let it move inside a script.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local now_text = string.format('%.0f', now)
-- The lease: kind byte and token. nil = nobody holds it, or the bytes are not a lease.
local function lease_of(bytes)
  if not bytes or #bytes ~= 23 or not string.find(bytes, '^[rRws]') then
    return nil, nil
  end
  return string.sub(bytes, 1, 1), string.sub(bytes, 2)
end

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
`,
  },
  "renew": {
    name: "renew",
    sha1: "d4b1e70bd2a9374344a2a26cf8315897ec9eb0c8",
    keys: ["value", "lease", "floor", "writers", "dirty"],
    argv: ["token", "ms", "role", "id"],
    source: `#!lua flags=allow-oom
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

-- Checks of arguments: the first problem is kept and answered as BADARG before any effect.
local DURATION_MAX = 999999999999
local VERSION_MAX = 9007199254740991
local problem

local function refuse(name, expected)
  problem = problem or (name .. ' must be ' .. expected)
end

-- tonumber() alone would also take hex, exponents, blanks and "inf".
local function decimal(text)
  if text and #text <= 16 and (text == '0' or string.find(text, '^[1-9]%d*$')) then
    return tonumber(text)
  end
  return nil
end

local function integer(name, text, least, most)
  local value = decimal(text)
  if not value or value < least or value > most then
    refuse(name, string.format('an integer from %.0f to %.0f', least, most))
    return least
  end
  return value
end

local function token_of(name, text)
  if not text or #text ~= 22 or not string.find(text, '^[%w_-]+$') then
    refuse(name, '22 base64url characters')
  end
  return text
end

local function digits(number)
  return string.format('%.0f', number)
end
-- The records of one key. An entity with a log passes the fifth key and one last argument, id; another neither.
local VALUE, LEASE, FLOOR, WRITERS, MARKS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local id

local function expect_arguments(count)
  if #KEYS ~= 4 and #KEYS ~= 5 then
    refuse('KEYS', 'value, lease, floor, writers and, with a log, dirty')
  elseif #ARGV ~= count + #KEYS - 4 then
    refuse('ARGV', count .. ' arguments and, with a log, id')
  elseif MARKS then
    id = ARGV[#ARGV]
    if id == '' then
      refuse('id', 'the encoded parameters')
    end
  end
end

-- The version of this key that waits for the database, or nil.
local function dirty_version()
  local version = MARKS and redis.call('HGET', MARKS, id)
  return version and (decimal(version) or VERSION_MAX) or nil
end
-- Redis' clock, read once: some servers let it move inside a script.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local now_text = string.format('%.0f', now)
-- The lease: kind byte and token. nil = nobody holds it, or the bytes are not a lease.
local function lease_of(bytes)
  if not bytes or #bytes ~= 23 or not string.find(bytes, '^[rRws]') then
    return nil, nil
  end
  return string.sub(bytes, 1, 1), string.sub(bytes, 2)
end
-- The set of writers lives as long as its latest member.
local function expire_writers()
  local latest = redis.call('ZRANGE', WRITERS, -1, -1, 'WITHSCORES')
  redis.call('PEXPIREAT', WRITERS, digits(tonumber(latest[2])))
end

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
`,
  },
  "store": {
    name: "store",
    sha1: "8e7abc4581deb0fcb22591f948987a30e2224cb8",
    keys: ["value", "lease", "floor", "writers", "dirty"],
    argv: ["token", "prev", "version", "floorMs", "keep", "wake", "l1", "frame", "px", "fresh", "id"],
    source: `#!lua
-- Ends a write with the committed value: as finish, and stores the value when this writer was alone. Sent once.
--
-- KEYS[1] value    the entry
-- KEYS[2] lease    the right to load or store
-- KEYS[3] floor    the highest version known committed
-- KEYS[4] writers  the writers that are active
-- KEYS[5] dirty    marks of the partition; only for an entity with a log
-- ARGV[1] token    of this writer's begin
-- ARGV[2] prev     of its earlier begin that was not answered, or empty
-- ARGV[3] version  committed version, 0 = none
-- ARGV[4] floorMs  how long the floor stands, ms
-- ARGV[5] keep     1 = a value as new as version may stay, 0 = delete it in any case
-- ARGV[6] wake     channel for those that wait, or empty
-- ARGV[7] l1       channel of in-process caches, or empty
-- ARGV[8] frame    the value, of the same version; NEGATIVE after a delete
-- ARGV[9] px       physical expiry, ms
-- ARGV[10] fresh   ms until it is stale, 0 = never stamped
-- ARGV[11] id      encoded parameters; only for an entity with a log
--
-- Returns STORED | DELETED | KEPT | DIRTY, then Redis' clock in epoch ms.
--
-- Atomic, because raising the floor, ending the lease and replacing the value must not be seen apart. The right to
-- store is the lease of kind w under the last token: any other begin or finish has taken it away.
-- Cluster: all keys share the slot of the value.

-- Checks of arguments: the first problem is kept and answered as BADARG before any effect.
local DURATION_MAX = 999999999999
local VERSION_MAX = 9007199254740991
local problem

local function refuse(name, expected)
  problem = problem or (name .. ' must be ' .. expected)
end

-- tonumber() alone would also take hex, exponents, blanks and "inf".
local function decimal(text)
  if text and #text <= 16 and (text == '0' or string.find(text, '^[1-9]%d*$')) then
    return tonumber(text)
  end
  return nil
end

local function integer(name, text, least, most)
  local value = decimal(text)
  if not value or value < least or value > most then
    refuse(name, string.format('an integer from %.0f to %.0f', least, most))
    return least
  end
  return value
end

local function token_of(name, text)
  if not text or #text ~= 22 or not string.find(text, '^[%w_-]+$') then
    refuse(name, '22 base64url characters')
  end
  return text
end

local function digits(number)
  return string.format('%.0f', number)
end
-- The records of one key. An entity with a log passes the fifth key and one last argument, id; another neither.
local VALUE, LEASE, FLOOR, WRITERS, MARKS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local id

local function expect_arguments(count)
  if #KEYS ~= 4 and #KEYS ~= 5 then
    refuse('KEYS', 'value, lease, floor, writers and, with a log, dirty')
  elseif #ARGV ~= count + #KEYS - 4 then
    refuse('ARGV', count .. ' arguments and, with a log, id')
  elseif MARKS then
    id = ARGV[#ARGV]
    if id == '' then
      refuse('id', 'the encoded parameters')
    end
  end
end

-- The version of this key that waits for the database, or nil.
local function dirty_version()
  local version = MARKS and redis.call('HGET', MARKS, id)
  return version and (decimal(version) or VERSION_MAX) or nil
end
-- Redis' clock, read once: some servers let it move inside a script.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local now_text = string.format('%.0f', now)
-- The header of a stored entry (SPEC 3 and 9). Its first 34 bytes are enough; the payload is never read.
local NEGATIVE, DIRTY, VERSIONED, CREATED, COST = 0x80, 0x40, 0x10, 0x08, 0x04
local HEADER_END = 33

local function header_of(bytes)
  if not bytes or bytes == '' then
    return nil
  end
  local first, second, third, units, _, flags = string.byte(bytes, 1, 6)
  if first ~= 0xC1 or second ~= 0xCA then
    return { plain = true, flags = 0, negative = bytes == 'null', dirty = false, version = 0, stale_at = 0 }
  end
  if third ~= 0x09 or #bytes < 16 then
    return nil
  end
  local versioned = bit.band(flags, VERSIONED) ~= 0
  local created = bit.band(flags, CREATED) ~= 0
  local length = 16 + (versioned and 8 or 0) + (created and 6 or 0) + (bit.band(flags, COST) ~= 0 and 4 or 0)
  if #bytes < length or units * 2 < length then
    return nil
  end
  local version = versioned and struct.unpack('>I8', bytes, 17) or 0
  if version > 9007199254740991 then
    return nil
  end
  return {
    plain = false,
    flags = flags,
    negative = bit.band(flags, NEGATIVE) ~= 0,
    dirty = bit.band(flags, DIRTY) ~= 0,
    version = version,
    versioned = versioned,
    created_at = created and (versioned and 24 or 16) or nil,
    stale_at = struct.unpack('>I6', bytes, 11),
  }
end
-- A frame on its way into the value: checked as an argument, stamped with Redis' clock.
local function frame_of(bytes)
  local header = header_of(bytes)
  if not header then
    refuse('frame', 'a frame or PLAIN bytes')
  elseif header.dirty then
    refuse('frame', 'without DIRTY')
  elseif header.negative and header.versioned then
    refuse('frame', 'without a version when it is NEGATIVE')
  end
  return header
end

local function stamped(bytes, header, fresh)
  if header.plain then
    return bytes
  end
  local stale_at = struct.pack('>I6', fresh > 0 and now + fresh or 0)
  local at = header.created_at
  if not at then
    return string.sub(bytes, 1, 10) .. stale_at .. string.sub(bytes, 17)
  end
  local created_at = struct.pack('>I6', now)
  return string.sub(bytes, 1, 10) .. stale_at .. string.sub(bytes, 17, at) .. created_at .. string.sub(bytes, at + 7)
end
-- The lease: kind byte and token. nil = nobody holds it, or the bytes are not a lease.
local function lease_of(bytes)
  if not bytes or #bytes ~= 23 or not string.find(bytes, '^[rRws]') then
    return nil, nil
  end
  return string.sub(bytes, 1, 1), string.sub(bytes, 2)
end
-- What finish and store share (SPEC 10.4). \`write\` is nil, or { bytes, header, px, fresh } of store.
local function finish(name, write)
  local token, prev, wake, l1 = ARGV[1], ARGV[2], ARGV[6], ARGV[7]
  local version = integer('version', ARGV[3], 0, VERSION_MAX)
  local floor_ms = integer('floorMs', ARGV[4], version > 0 and 1 or 0, DURATION_MAX)
  local keep = integer('keep', ARGV[5], 0, 1) == 1
  if token ~= '' or write then
    token_of('token', token)
  end
  if prev ~= '' then
    token_of('prev', prev)
    if prev == token then
      refuse('prev', 'another token')
    end
  end
  if write and not problem and not write.header.negative and write.header.version ~= version then
    refuse('version', 'the version of the frame')
  elseif write and not problem and write.header.plain and version ~= 0 then
    refuse('version', '0 for PLAIN bytes')
  end
  if problem then
    return redis.error_reply('BADARG ' .. name .. ': ' .. problem)
  end

  -- All reads come first: a record of a foreign type must fail before any effect.
  local value = header_of(redis.call('GETRANGE', VALUE, 0, HEADER_END))
  local dirty = dirty_version() or (value and value.dirty)
  local kind, holder = lease_of(redis.call('GET', LEASE))
  local floor = version > 0 and (decimal(redis.call('GET', FLOOR)) or 0) or 0

  redis.call('ZREMRANGEBYSCORE', WRITERS, '-inf', now_text)
  local found = token ~= '' and redis.call('ZREM', WRITERS, token) == 1
  if prev ~= '' and redis.call('ZREM', WRITERS, prev) == 1 then
    found = true
  end

  local of_writer = kind == 'w' or kind == 's'
  if of_writer and holder ~= token and holder ~= prev then
    -- The other writer keeps its fence and loses the right to store: it may have committed before this one.
    redis.call('SETRANGE', LEASE, 0, 's')
  elseif kind == 's' and not found then
    -- The set of writers was evicted: others may be active, so the fence stays until it lapses.
  elseif kind then
    redis.call('DEL', LEASE)
  end

  if version > 0 then
    floor = math.max(floor, version)
    redis.call('SET', FLOOR, digits(floor), 'PX', digits(floor_ms))
  end

  local code = 'DELETED'
  if dirty then
    code = 'DIRTY'
  elseif write and kind == 'w' and holder == token and version >= floor then
    redis.call('SET', VALUE, stamped(write.bytes, write.header, write.fresh), 'PX', digits(write.px))
    code = 'STORED'
  elseif keep and version > 0 and value and not value.negative and value.version >= version then
    code = 'KEPT'
  else
    redis.call('DEL', VALUE)
  end
  if kind == 'R' and wake ~= '' then
    redis.call('PUBLISH', wake, VALUE)
  end
  if l1 ~= '' then
    redis.call('PUBLISH', l1, VALUE .. '\\0' .. digits(version))
  end
  return { code, now_text }
end

expect_arguments(10)
local header = not problem and frame_of(ARGV[8])
local write = {
  bytes = ARGV[8],
  header = header,
  px = integer('px', ARGV[9], 1, DURATION_MAX),
  fresh = integer('fresh', ARGV[10], 0, DURATION_MAX),
}
if problem then
  return redis.error_reply('BADARG store: ' .. problem)
end
return finish('store', write)
`,
  },
};
