-- A row a few bytes larger than a page takes was neither moved beside the page nor fitted into it: rows of 8161 to 8168
-- bytes could not be written. A target a little below the page leaves no such gap.
ALTER TABLE resource SET (toast_tuple_target = 8128);
ALTER TABLE resource_history SET (toast_tuple_target = 8128);
