-- $1 log, $2 partition, $3 fence. Gives the partition back; nothing when it is no longer ours.
update wb_part set owner = null, lease_until = 'epoch' where log = $1::text and p = $2::integer and fence = $3::bigint
