-- What was done, by whom, to which account. A row is written in the transaction of the act, or before
-- it where the act is not in the database.

CREATE TABLE audit_record (
  id TEXT NOT NULL PRIMARY KEY,
  at ${long} NOT NULL,
  actor TEXT NOT NULL,
  act TEXT NOT NULL,
  account_id TEXT,
  subject TEXT,
  request_id TEXT,
  detail TEXT NOT NULL
) ${strict};

CREATE INDEX audit_record_by_account ON audit_record (account_id, at);
