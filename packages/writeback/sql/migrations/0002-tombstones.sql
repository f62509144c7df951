-- The version at which a row was deleted: without it a replayed older write would bring the row back.
create table cachepact_tombstone (
  log text not null,
  id text not null,
  ver bigint not null,
  at timestamptz not null default now(),
  primary key (log, id)
);
