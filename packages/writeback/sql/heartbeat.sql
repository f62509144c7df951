-- $1 log, $2 worker, $3 lease in ms. Returns how many workers are alive, this one included.
with beat as (
  insert into wb_worker (log, id, seen) values ($1::text, $2::text, clock_timestamp())
  on conflict (log, id) do update set seen = excluded.seen
)
select 1 + count(*) as live
from wb_worker
where log = $1::text and id <> $2::text and seen > clock_timestamp() - $3::integer * interval '1 millisecond'
