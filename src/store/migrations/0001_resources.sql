-- Placeholder of the first migration; see docs/architecture.md, Store.
SELECT 1;
