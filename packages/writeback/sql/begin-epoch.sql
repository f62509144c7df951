-- $1 log, $2 partition, $3 fence, $4 epoch. Notes that the state in Redis began anew.
update wb_part set epoch = greatest(epoch, $4::bigint) where log = $1::text and p = $2::integer and fence = $3::bigint
