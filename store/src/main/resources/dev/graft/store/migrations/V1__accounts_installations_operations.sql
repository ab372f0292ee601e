-- One set of migrations for both databases. What differs stands in placeholders: see Dialect.
-- Instants are milliseconds since 1970 in UTC, ids and states are text, JSON is text, and bodies are
-- sealed bytes. Whatever can hold a secret is sealed before it comes here.

CREATE TABLE account (
  id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT UNIQUE,
  host TEXT NOT NULL,
  data_key TEXT NOT NULL,
  api_key ${bytes} NOT NULL,
  key_fingerprint TEXT NOT NULL,
  linked_at ${long} NOT NULL
) ${strict};

CREATE INDEX account_by_fingerprint ON account (key_fingerprint);

CREATE TABLE account_user (
  user_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  linked_at ${long} NOT NULL
) ${strict};

CREATE INDEX account_user_by_account ON account_user (account_id);

CREATE TABLE data_key (
  id TEXT NOT NULL PRIMARY KEY,
  owner TEXT NOT NULL,
  provider TEXT NOT NULL,
  wrapping_key TEXT NOT NULL,
  wrapped ${bytes} NOT NULL,
  created_at ${long} NOT NULL
) ${strict};

CREATE INDEX data_key_by_owner ON data_key (owner);

CREATE TABLE release (
  digest TEXT NOT NULL PRIMARY KEY,
  template TEXT NOT NULL,
  version TEXT NOT NULL,
  content TEXT NOT NULL,
  first_used_at ${long} NOT NULL
) ${strict};

CREATE TABLE installation (
  id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  template TEXT NOT NULL,
  release_digest TEXT REFERENCES release (digest),
  version TEXT,
  sighting TEXT NOT NULL,
  created_at ${long} NOT NULL,
  converged_at ${long},
  UNIQUE (account_id, template)
) ${strict};

CREATE TABLE ledger (
  installation_id TEXT NOT NULL REFERENCES installation (id),
  address TEXT NOT NULL,
  object_id TEXT NOT NULL,
  version TEXT NOT NULL,
  origin TEXT NOT NULL,
  former TEXT NOT NULL,
  retired TEXT NOT NULL,
  applied ${bytes} NOT NULL,
  observed ${bytes} NOT NULL,
  position ${long} NOT NULL,
  PRIMARY KEY (installation_id, address)
) ${strict};

CREATE TABLE operation (
  id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  installation_id TEXT NOT NULL REFERENCES installation (id),
  kind TEXT NOT NULL,
  release_digest TEXT NOT NULL REFERENCES release (digest),
  request TEXT NOT NULL,
  state TEXT NOT NULL,
  result TEXT,
  created_at ${long} NOT NULL,
  finished_at ${long},
  tries ${long} NOT NULL,
  next_try_at ${long} NOT NULL,
  waits ${long} NOT NULL DEFAULT 0
) ${strict};

CREATE INDEX operation_by_account ON operation (account_id, created_at);
CREATE INDEX operation_by_installation ON operation (installation_id, created_at);
CREATE INDEX operation_running ON operation (next_try_at) WHERE state = 'running';

CREATE TABLE journal (
  operation_id TEXT NOT NULL REFERENCES operation (id),
  step ${long} NOT NULL,
  seq ${long} NOT NULL,
  entry TEXT NOT NULL,
  at ${long} NOT NULL,
  verb TEXT,
  address TEXT,
  object_id TEXT,
  making ${bytes},
  earlier ${bytes},
  detail TEXT,
  PRIMARY KEY (operation_id, step, seq)
) ${strict};

CREATE TABLE lease (
  account_id TEXT NOT NULL PRIMARY KEY REFERENCES account (id),
  fence ${long} NOT NULL,
  holder TEXT NOT NULL,
  until ${long} NOT NULL
) ${strict};

CREATE TABLE plan (
  id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES account (id),
  template TEXT NOT NULL,
  release_digest TEXT NOT NULL,
  basis TEXT NOT NULL,
  request TEXT NOT NULL,
  content ${bytes} NOT NULL,
  created_at ${long} NOT NULL
) ${strict};

CREATE INDEX plan_by_account ON plan (account_id, created_at);

CREATE TABLE kept_value (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) ${strict};
