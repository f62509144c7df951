-- Up Migration
-- The shape that the write-behind sink writes: the canonical JSON of the contract beside the version of its event.
create table preferences (
  id text primary key,
  ver bigint not null,
  gen integer not null,
  doc jsonb not null
);

-- Down Migration
drop table preferences;
