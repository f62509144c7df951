-- Who owns which partition of a write-behind log, and what is known to be written.
create table wb_part (
  log text not null,
  p integer not null,
  -- The worker that holds the partition; null = free. Only for people: the fence decides.
  owner text,
  -- Rises with each claim. A statement with an older fence changes nothing.
  fence bigint not null default 0,
  -- Until when nobody else claims it, on the clock of this database.
  lease_until timestamptz not null default 'epoch',
  -- The highest version written. A Redis that comes back without its state gets a clock above it.
  max_ver bigint not null default 0,
  -- How often the state in Redis began anew; 0 = the partition was never armed.
  epoch bigint not null default 0,
  primary key (log, p)
);

-- The workers that are alive: their number decides how many partitions each one may hold.
create table wb_worker (
  log text not null,
  id text not null,
  seen timestamptz not null,
  primary key (log, id)
);
