#!lua flags=allow-oom
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

-- include: _arguments.lua
-- include: _key.lua
-- include: _clock.lua
-- include: _header.lua
-- include: _lease.lua
-- include: _finish.lua

expect_arguments(7)
if problem then
  return redis.error_reply('BADARG finish: ' .. problem)
end
return finish('finish', nil)
