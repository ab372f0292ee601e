-- How fast an account may be called goes with its lease from node to node: calls that could be made at
-- once and calls in a second, both in thousandths, as of a time of the database's.

ALTER TABLE lease ADD COLUMN pace_ready ${long};
ALTER TABLE lease ADD COLUMN pace_at ${long};
ALTER TABLE lease ADD COLUMN pace_rate ${long};

-- Which versions of Graft can work on this schema. A release that changes it adds a generation; one
-- generation ahead of its own is what a node works with, so that two versions run side by side.

CREATE TABLE schema_generation (
  generation ${long} NOT NULL PRIMARY KEY,
  made_by TEXT NOT NULL
) ${strict};

INSERT INTO schema_generation (generation, made_by) VALUES (1, '0.1');
