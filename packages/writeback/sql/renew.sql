-- $1 log, $2 worker, $3 partitions, $4 lease in ms. Returns those that are still ours. By owner, not by fence: arming
-- raises the fence at any moment.
-- A row that is locked is being written by our own batch, which renews it as well: waiting here for a batch that waits
-- for somebody's row lock would let all other leases lapse.
with free as (
  select p from wb_part
  where log = $1::text and owner = $2::text and p = any ($3::integer[])
  order by p
  for update skip locked
), renewed as (
  update wb_part set lease_until = clock_timestamp() + $4::integer * interval '1 millisecond'
  from free where wb_part.log = $1::text and wb_part.p = free.p
)
select p from wb_part where log = $1::text and owner = $2::text and p = any ($3::integer[])
