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
