-- What is known of requests before they are served: how often someone may still call, what a request
-- that comes again was answered, and which signatures were seen. Rows end by themselves and are swept.

-- What is left to someone of what they may do in a time. Without a row it is all of it.
CREATE TABLE allowance (
  id TEXT NOT NULL PRIMARY KEY,
  state ${bytes} NOT NULL,
  full_at ${long} NOT NULL
) ${strict};

CREATE INDEX allowance_by_end ON allowance (full_at);

-- The id is a keyed hash of caller and Idempotency-Key, the fingerprint one of the request. The reply is
-- sealed, and null while the holder works on it.
CREATE TABLE kept_reply (
  id TEXT NOT NULL PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  holder TEXT NOT NULL,
  held_until ${long} NOT NULL,
  reply ${bytes},
  ends_at ${long} NOT NULL
) ${strict};

CREATE INDEX kept_reply_by_end ON kept_reply (ends_at);

CREATE TABLE seen_nonce (
  id TEXT NOT NULL PRIMARY KEY,
  ends_at ${long} NOT NULL
) ${strict};

CREATE INDEX seen_nonce_by_end ON seen_nonce (ends_at);
