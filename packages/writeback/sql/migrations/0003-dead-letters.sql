-- Events that the database refused for what they hold, kept for a person to decide.
create table wb_dead (
  log text not null,
  p integer not null,
  ver bigint not null,
  id text not null,
  gen integer not null,
  head bytea not null,
  payload bytea not null,
  sqlstate text,
  error text not null,
  at timestamptz not null default now(),
  resolved timestamptz,
  primary key (log, p, ver)
);
