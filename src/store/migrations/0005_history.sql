-- The history of a type and of the whole system, newest first, without sorting what is not shown.

CREATE INDEX resource_by_change ON resource (last_updated, type, id);
CREATE INDEX resource_history_by_change ON resource_history (last_updated, type, id, version_id);
