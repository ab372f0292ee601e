-- What is counted for the figures of GET /metrics is found without reading a whole table.
CREATE INDEX delivery_dead ON delivery (webhook_id) WHERE state = 'dead';
CREATE INDEX installation_drifted ON installation (id) WHERE told_drift IS NOT NULL;
