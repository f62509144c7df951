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
