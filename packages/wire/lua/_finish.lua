-- What finish and store share (SPEC 10.4). `write` is nil, or { bytes, header, px, fresh } of store.
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
    redis.call('PUBLISH', l1, VALUE .. '\0' .. digits(version))
  end
  return { code, now_text }
end
