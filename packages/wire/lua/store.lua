#!lua
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

-- include: _arguments.lua
-- include: _key.lua
-- include: _clock.lua
-- include: _header.lua
-- include: _frame.lua
-- include: _lease.lua
-- include: _finish.lua

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
