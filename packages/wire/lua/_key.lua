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
