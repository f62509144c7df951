-- $1 log, $2 lease in ms. Returns how many workers are counted.
select count(*) as live
from wb_worker
where log = $1::text and seen > clock_timestamp() - $2::integer * interval '1 millisecond'
