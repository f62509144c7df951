-- $1 log, $2 partitions. Writes the rows of a log that has none; the number of an existing log is never changed here.
insert into wb_part (log, p)
select $1::text, p from generate_series(0, $2::integer - 1) as p
where not exists (select 1 from wb_part where log = $1::text)
on conflict do nothing
