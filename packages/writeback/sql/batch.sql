-- One batch of one partition, in one autocommit statement at READ COMMITTED: the fence, the rows, the tombstones and the
-- watermark are one fact, and a COMMIT whose reply was lost is repeated without harm.
--   $1 log, $2 partition, $3 fence, $4 highest version of the batch, $5 lease in ms
--   $6 id, $7 version, $8 generation, $9 document of each upsert;  $10 id, $11 version of each delete; each id once
-- Returns `held` (0 = the partition is not ours, nothing happened) and `newer`: ids that the table holds newer.
with f as (
  update wb_part set
    max_ver = greatest(max_ver, $4::bigint), lease_until = clock_timestamp() + $5::integer * interval '1 millisecond'
  where log = $1::text and p = $2::integer and fence = $3::bigint
  returning 1
), u as (
  select x.* from unnest($6::text[], $7::bigint[], $8::integer[], $9::text[]) as x (id, ver, gen, doc)
  where exists (select 1 from f)
), d as (
  select x.* from unnest($10::text[], $11::bigint[]) as x (id, ver)
  where exists (select 1 from f)
), upserted as (
  insert into :"table" as ent (id, ver, gen, doc)
  select u.id, u.ver, u.gen, u.doc::jsonb
  from u left join cachepact_tombstone t on t.log = $1::text and t.id = u.id
  where t.ver is null or t.ver < u.ver
  order by u.id
  on conflict (id) do update set ver = excluded.ver, gen = excluded.gen, doc = excluded.doc
  where ent.ver < excluded.ver
), risen as (
  delete from cachepact_tombstone t using u where t.log = $1::text and t.id = u.id and t.ver < u.ver
), deleted as (
  delete from :"table" ent using d where ent.id = d.id and ent.ver < d.ver
), buried as (
  insert into cachepact_tombstone as t (log, id, ver)
  select $1::text, d.id, d.ver from d
  where not exists (select 1 from :"table" ent where ent.id = d.id and ent.ver > d.ver)
  order by d.id
  on conflict (log, id) do update set ver = excluded.ver, at = now()
  where t.ver < excluded.ver
)
select (select count(*) from f)::integer as held, array(
  select u.id from u join :"table" ent on ent.id = u.id where ent.ver > u.ver
  union all
  select u.id from u join cachepact_tombstone t on t.log = $1::text and t.id = u.id where t.ver > u.ver
  union all
  select d.id from d join :"table" ent on ent.id = d.id where ent.ver > d.ver
) as newer
