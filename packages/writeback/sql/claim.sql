-- $1 log, $2 worker, $3 lease in ms, $4 how many at most, $5 partitions to leave alone.
-- Random order: workers that start together do not queue for the same row.
with free as materialized (
  select p from wb_part
  where log = $1::text and lease_until < clock_timestamp() and p <> all ($5::integer[])
  order by random()
  limit $4::integer
  for update skip locked
)
update wb_part set
  owner = $2::text, fence = fence + 1, lease_until = clock_timestamp() + $3::integer * interval '1 millisecond'
from free where wb_part.log = $1::text and wb_part.p = free.p
returning wb_part.p, wb_part.fence
