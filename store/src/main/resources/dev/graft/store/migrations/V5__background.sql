-- What is done again and again by one node of several. Only PostgreSQL has several nodes, so that on
-- SQLite this table stays empty. Its names and its one boolean are those that db-scheduler asks for,
-- and a strict table of SQLite knows no boolean.

CREATE TABLE scheduled_task (
  task_name TEXT NOT NULL,
  task_instance TEXT NOT NULL,
  task_data ${bytes},
  execution_time ${long} NOT NULL,
  picked BOOLEAN NOT NULL,
  picked_by TEXT,
  last_success ${long},
  last_failure ${long},
  consecutive_failures ${long},
  last_heartbeat ${long},
  version ${long} NOT NULL,
  PRIMARY KEY (task_name, task_instance)
);

CREATE INDEX plan_by_age ON plan (created_at);

-- What Vapi last said of an account's key. A check is due one period after key_check_from.

ALTER TABLE account ADD COLUMN key_state TEXT NOT NULL DEFAULT 'active';
ALTER TABLE account ADD COLUMN key_reason TEXT;
ALTER TABLE account ADD COLUMN key_since ${long};
ALTER TABLE account ADD COLUMN key_refusals ${long} NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN key_checked_at ${long};
ALTER TABLE account ADD COLUMN key_check_from ${long} NOT NULL DEFAULT 0;

CREATE INDEX account_by_key_check ON account (key_check_from);
CREATE INDEX account_revoked ON account (id) WHERE key_state = 'revoked';

-- What was told of an installation already, so that it is told once.

ALTER TABLE installation ADD COLUMN told_release TEXT;
ALTER TABLE installation ADD COLUMN told_drift TEXT;
ALTER TABLE installation ADD COLUMN drift_check_from ${long} NOT NULL DEFAULT 0;

-- Of what is not installed (any more) none is ever due, however many there are.
CREATE INDEX installation_by_drift_check ON installation (drift_check_from)
  WHERE release_digest IS NOT NULL;
CREATE INDEX installation_by_template ON installation (template, id);

-- What happened, written in the transaction in which it happened, and to whom it is told. Types of
-- events stand as ',a,b,' so that one can be looked for; none means all.

CREATE TABLE event (
  id TEXT NOT NULL PRIMARY KEY,
  type TEXT NOT NULL,
  account_id TEXT,
  at ${long} NOT NULL,
  data TEXT NOT NULL
) ${strict};

CREATE INDEX event_by_age ON event (at);
CREATE INDEX event_by_account ON event (account_id);

CREATE TABLE webhook (
  id TEXT NOT NULL PRIMARY KEY,
  url TEXT NOT NULL,
  types TEXT NOT NULL,
  description TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT,
  since ${long} NOT NULL,
  failing_since ${long},
  secret ${bytes} NOT NULL,
  former_secret ${bytes},
  former_until ${long},
  created_at ${long} NOT NULL
) ${strict};

-- No reference to the webhook: one that is removed in the same moment must not undo what is told.
CREATE TABLE delivery (
  webhook_id TEXT NOT NULL,
  event_id TEXT NOT NULL REFERENCES event (id),
  state TEXT NOT NULL,
  tries ${long} NOT NULL,
  next_try_at ${long} NOT NULL,
  claimed_until ${long} NOT NULL,
  last_tried_at ${long},
  last_status ${long},
  last_error TEXT,
  PRIMARY KEY (webhook_id, event_id)
) ${strict};

CREATE INDEX delivery_waiting ON delivery (webhook_id, next_try_at) WHERE state = 'waiting';
CREATE INDEX delivery_by_event ON delivery (event_id);
