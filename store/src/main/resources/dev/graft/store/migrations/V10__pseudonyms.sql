-- By which name the audit trail knows a user, since it is never changed and users can be forgotten: what
-- leads from the one to the other stands here alone, and goes when the user's account is erased.
CREATE TABLE pseudonym (
  user_id TEXT NOT NULL PRIMARY KEY,
  alias TEXT NOT NULL UNIQUE,
  account_id TEXT
) ${strict};

CREATE INDEX pseudonym_by_account ON pseudonym (account_id);
