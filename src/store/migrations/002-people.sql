-- Codes that belong to a person, what is known of paired ones, edits and deletions of what is being answered, and how
-- many turns a person starts.

ALTER TABLE pairings ADD COLUMN person TEXT;
ALTER TABLE pairings ADD COLUMN role TEXT;

ALTER TABLE identities ADD COLUMN timezone TEXT;
ALTER TABLE identities ADD COLUMN language TEXT;

-- An edit or a deletion finds its message while that is not answered: also while its turn runs.
DROP INDEX events_unanswered;
CREATE INDEX events_unanswered ON events (chat, message_id)
  WHERE message_id IS NOT NULL AND (status = 'queued' OR status = 'stale' OR status = 'running');

-- Edits, which may come before their message. And messages of groups: one that is edited to name us may never have been
-- stored.
CREATE INDEX events_edits ON events (chat, message_id) WHERE message_id IS NOT NULL AND kind = 'edit';
CREATE INDEX events_in_groups ON events (chat, message_id) WHERE message_id IS NOT NULL AND direct = 0;

-- Of persons whose turns are counted and who started some in the last minute. Each turn moves `used_until` on by its share
-- of a minute; `next_at` is 0, or when the next turn may start.
CREATE TABLE rates (
  person TEXT PRIMARY KEY,
  used_until INTEGER NOT NULL,
  next_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX rates_over ON rates (used_until);

-- A person who has to wait is not in the line until `due_at`; 0: nothing to wait for.
ALTER TABLE loads ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0;
DROP INDEX loads_next;
CREATE INDEX loads_next ON loads (running, head) WHERE head IS NOT NULL AND due_at = 0;
CREATE INDEX loads_held ON loads (due_at) WHERE due_at > 0;

-- Who waits longest for a place.
CREATE INDEX queues_longest ON queues (head) WHERE ready = 1;
