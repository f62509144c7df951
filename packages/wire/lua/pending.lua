#!lua flags=no-writes
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

-- include: _arguments.lua

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
