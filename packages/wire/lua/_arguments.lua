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
