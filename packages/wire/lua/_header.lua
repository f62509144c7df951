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
