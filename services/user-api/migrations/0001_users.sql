-- Up Migration
create table users (
  -- The contract carries ids as JSON numbers, which are exact up to 2^53 - 1.
  id bigserial primary key check (id between -9007199254740991 and 9007199254740991),
  email text not null,
  name text not null,
  bio text,
  -- Milliseconds, as the contract's timestamps: what is stored is what every service reads.
  created_at timestamptz(3) not null default date_trunc('milliseconds', now()),
  roles text[] not null default '{}' check (array_position(roles, null) is null),
  labels jsonb not null default '{}' check (jsonb_typeof(labels) = 'object'),
  balance_cents bigint not null default 0,
  -- Rises by one under the row lock with each write: the version that fences every fill of the cache.
  version bigint not null default 1 check (version between 1 and 9007199254740991)
);

-- Down Migration
drop table users;
