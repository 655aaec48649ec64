-- A canonical's version says little beside its URL: without this the planner takes a search by both for a narrow one and
-- collects every match, where it should walk the answers in their order and stop after a page.
DROP STATISTICS search_reference_urls;
CREATE STATISTICS search_reference_canonicals (dependencies, mcv) ON param, url, version FROM search_reference;
