-- The life of a data key: wrapped again under another wrapping key, and replaced by a new one. Neither
-- is finished in one transaction, so how far it has got stands here.

-- Which rewrap wrapped the key last, and why the last try to do so failed, if it did.
ALTER TABLE data_key ADD COLUMN rewrap TEXT;
ALTER TABLE data_key ADD COLUMN fault TEXT;

-- What wraps how many is read from the first alone; there are as many data keys as accounts.
CREATE INDEX data_key_by_wrapping ON data_key (provider, wrapping_key, id);
CREATE INDEX data_key_faulty ON data_key (id) WHERE fault IS NOT NULL;

-- Wrapping every data key again, or those of one provider; one at a time.
CREATE TABLE rewrap (
  id TEXT NOT NULL PRIMARY KEY,
  from_provider TEXT,
  provider TEXT NOT NULL,
  wrapping_key TEXT NOT NULL,
  state TEXT NOT NULL,
  asked_at ${long} NOT NULL,
  finished_at ${long},
  rewrapped ${long} NOT NULL,
  trouble TEXT,
  fence ${long} NOT NULL,
  until ${long} NOT NULL
) ${strict};

CREATE UNIQUE INDEX rewrap_running ON rewrap (state) WHERE state = 'running';

-- Accounts that get a new data key, until everything of theirs is sealed with it.
CREATE TABLE renewal (
  account_id TEXT NOT NULL PRIMARY KEY REFERENCES account (id),
  asked_at ${long} NOT NULL,
  next_try_at ${long} NOT NULL,
  tries ${long} NOT NULL,
  data_key TEXT,
  fault TEXT
) ${strict};

-- All that were asked for together are due at the same time.
CREATE INDEX renewal_due ON renewal (next_try_at, account_id);
CREATE INDEX renewal_faulty ON renewal (account_id) WHERE fault IS NOT NULL;
