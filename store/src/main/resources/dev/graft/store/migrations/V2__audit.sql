-- What was done, by whom, to which account. A record is written in the transaction of the act, or
-- before it where the act is not in the database. It waits for a moment, under a code that only
-- Graft can make, until it gets its place in the chain. What is in the chain stays as it is: the
-- triggers are for accidents, the hashes and the signed checkpoints for whoever takes them away.

CREATE TABLE audit_pending (
  id TEXT NOT NULL PRIMARY KEY,
  at ${long} NOT NULL,
  actor TEXT NOT NULL,
  act TEXT NOT NULL,
  account_id TEXT,
  subject TEXT,
  request_id TEXT,
  detail TEXT NOT NULL,
  mac ${bytes} NOT NULL
) ${strict};

CREATE INDEX audit_pending_in_order ON audit_pending (at, id);

CREATE TABLE audit_record (
  seq ${long} NOT NULL PRIMARY KEY,
  epoch ${long} NOT NULL,
  previous TEXT NOT NULL,
  id TEXT NOT NULL UNIQUE,
  at ${long} NOT NULL,
  actor TEXT NOT NULL,
  act TEXT NOT NULL,
  account_id TEXT,
  subject TEXT,
  request_id TEXT,
  detail TEXT NOT NULL,
  hash TEXT NOT NULL
) ${strict};

CREATE INDEX audit_record_by_account ON audit_record (account_id, seq);

-- One row: where the chain ends. Whoever adds to the chain locks it first.
CREATE TABLE audit_head (
  id ${long} NOT NULL PRIMARY KEY,
  epoch ${long} NOT NULL,
  size ${long} NOT NULL,
  hash TEXT NOT NULL,
  mac ${bytes} NOT NULL,
  turns ${long} NOT NULL
) ${strict};

INSERT INTO audit_head (id, epoch, size, hash, mac, turns) VALUES
  (1, 1, 0, '0000000000000000000000000000000000000000000000000000000000000000', ${no_bytes}, 0);

CREATE TABLE audit_checkpoint (
  epoch ${long} NOT NULL,
  size ${long} NOT NULL,
  line TEXT NOT NULL,
  PRIMARY KEY (epoch, size)
) ${strict};

${refusal}
CREATE TRIGGER audit_record_unchanged BEFORE UPDATE ON audit_record ${refused};
CREATE TRIGGER audit_record_kept BEFORE DELETE ON audit_record ${refused};
CREATE TRIGGER audit_checkpoint_unchanged BEFORE UPDATE ON audit_checkpoint ${refused};
CREATE TRIGGER audit_checkpoint_kept BEFORE DELETE ON audit_checkpoint ${refused};
CREATE TRIGGER audit_pending_unchanged BEFORE UPDATE ON audit_pending ${refused};
CREATE TRIGGER audit_head_kept BEFORE DELETE ON audit_head ${refused};
${truncation_refused}

-- Who began an operation, and in answer to which request.
ALTER TABLE operation ADD COLUMN actor TEXT NOT NULL DEFAULT 'node:graft';
ALTER TABLE operation ADD COLUMN request_id TEXT;
