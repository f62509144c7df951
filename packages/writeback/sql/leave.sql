-- $1 log, $2 worker. The other workers may take its share at once.
delete from wb_worker where log = $1::text and id = $2::text
