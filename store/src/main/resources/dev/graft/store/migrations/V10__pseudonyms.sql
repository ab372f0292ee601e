-- By which name the audit trail knows a user, since it is never changed and users can be forgotten: what
-- leads from the one to the other stands here alone, and goes when the user's account is erased.
CREATE TABLE pseudonym (
  user_id TEXT NOT NULL PRIMARY KEY,
  alias TEXT NOT NULL UNIQUE,
  account_id TEXT
) ${strict};

CREATE INDEX pseudonym_by_account ON pseudonym (account_id);

-- Whoever forgets a user, or shows one what is theirs, looks for the user's own keys among all.
CREATE INDEX api_key_by_user ON api_key (user_id) WHERE user_id IS NOT NULL;
