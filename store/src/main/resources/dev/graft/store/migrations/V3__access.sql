-- Who may call: API keys, people's sessions and one-time links, each by a keyed hash. Nothing here opens
-- a door by itself.

CREATE TABLE api_key (
  id TEXT NOT NULL PRIMARY KEY,
  label TEXT NOT NULL,
  hash TEXT NOT NULL,
  scopes TEXT NOT NULL,
  user_id TEXT,
  made_at ${long} NOT NULL,
  made_by TEXT NOT NULL,
  expires_at ${long},
  last_used_at ${long},
  revoked_at ${long},
  successor TEXT UNIQUE REFERENCES api_key (id)
) ${strict};

CREATE TABLE session (
  hash TEXT NOT NULL PRIMARY KEY,
  subject TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  began_at ${long} NOT NULL,
  seen_at ${long} NOT NULL,
  ends_at ${long} NOT NULL
) ${strict};

CREATE INDEX session_by_end ON session (ends_at);

CREATE TABLE login_link (
  hash TEXT NOT NULL PRIMARY KEY,
  made_at ${long} NOT NULL,
  ends_at ${long} NOT NULL
) ${strict};
