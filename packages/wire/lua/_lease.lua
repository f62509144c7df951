-- The lease: kind byte and token. nil = nobody holds it, or the bytes are not a lease.
local function lease_of(bytes)
  if not bytes or #bytes ~= 23 or not string.find(bytes, '^[rRws]') then
    return nil, nil
  end
  return string.sub(bytes, 1, 1), string.sub(bytes, 2)
end
