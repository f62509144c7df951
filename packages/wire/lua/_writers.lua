-- The set of writers lives as long as its latest member.
local function expire_writers()
  local latest = redis.call('ZRANGE', WRITERS, -1, -1, 'WITHSCORES')
  redis.call('PEXPIREAT', WRITERS, digits(tonumber(latest[2])))
end
