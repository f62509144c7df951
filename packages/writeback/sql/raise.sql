-- $1 log, $2 partition, $3 fence, $4 lease in ms. Raises the fence of a partition that is ours; no row when it is not.
-- A batch whose reply was lost may still run: this waits for it, or it finds a newer fence and does nothing. Without it
-- the repeated batch could begin beside it, on a snapshot that does not show its rows, and leave a row that it deletes.
update wb_part set
  fence = fence + 1, lease_until = clock_timestamp() + $4::integer * interval '1 millisecond'
where log = $1::text and p = $2::integer and fence = $3::bigint
returning fence, epoch, max_ver
