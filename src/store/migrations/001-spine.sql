-- The spine: what comes in (events), what is done about it (turns, steps), what goes out (outbox).
-- Words as in docs/architecture.md. Times are epoch milliseconds, flags 0 or 1, ids text with their noun's prefix.
-- `seq` is the order of arrival. Partial indexes hold live rows only, so they stay small while the history grows.

-- One row per start of a gateway. The highest epoch is the only one that may write.
CREATE TABLE boots (
  epoch INTEGER PRIMARY KEY AUTOINCREMENT,
  pid INTEGER NOT NULL,
  process_started TEXT,
  started_at INTEGER NOT NULL,
  healthy INTEGER NOT NULL DEFAULT 0,
  stopped INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE state (
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE cursors (
  channel TEXT PRIMARY KEY,
  cursor TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE identities (
  identity TEXT PRIMARY KEY,
  handle TEXT NOT NULL,
  role TEXT NOT NULL,
  name TEXT NOT NULL,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE pairings (
  code TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  identity TEXT,
  chat TEXT,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Where somebody was last seen.
CREATE TABLE chats (
  chat TEXT PRIMARY KEY,
  person TEXT NOT NULL,
  direct INTEGER NOT NULL,
  last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX chats_of_person ON chats (person, last_at) WHERE direct = 1;

CREATE TABLE conversations (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  chat TEXT NOT NULL,
  person TEXT NOT NULL,
  direct INTEGER NOT NULL,
  open INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  title TEXT NOT NULL DEFAULT '',
  model TEXT,
  queue_mode TEXT
) STRICT;

CREATE UNIQUE INDEX conversations_open ON conversations (chat) WHERE open = 1;
CREATE INDEX conversations_latest ON conversations (last_at);
CREATE INDEX conversations_of_person ON conversations (person, last_at);

CREATE TABLE turns (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  conversation TEXT NOT NULL REFERENCES conversations (id),
  chat TEXT NOT NULL,
  direct INTEGER NOT NULL,
  person TEXT NOT NULL,
  role TEXT NOT NULL,
  status TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  solo INTEGER NOT NULL DEFAULT 0,
  sealed INTEGER NOT NULL DEFAULT 0,
  deferred INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  reason TEXT
) STRICT;

-- One conversation, one running turn.
CREATE UNIQUE INDEX turns_running ON turns (conversation) WHERE status = 'running';
CREATE INDEX turns_running_of_person ON turns (person) WHERE status = 'running';
CREATE INDEX turns_of_conversation ON turns (conversation, seq);
CREATE INDEX turns_flagged ON turns (status, seq)
  WHERE status = 'parked' OR status = 'failed' OR status = 'dead' OR status = 'cancelled';

CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  channel TEXT NOT NULL,
  platform_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  lane TEXT NOT NULL,
  -- 0: a decision, before everything else of its conversation. 1: the rest.
  rank INTEGER NOT NULL DEFAULT 1,
  chat TEXT NOT NULL,
  direct INTEGER NOT NULL,
  conversation TEXT REFERENCES conversations (id),
  person TEXT,
  role TEXT,
  identity TEXT NOT NULL,
  name TEXT NOT NULL,
  text TEXT NOT NULL,
  files TEXT NOT NULL,
  message_id TEXT,
  reply_to TEXT,
  sent_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  coalesce INTEGER NOT NULL DEFAULT 0,
  -- Its sender said that it still matters: never asked about again.
  kept INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  -- The boot that asked whether a stale one still matters.
  asked_by INTEGER,
  status TEXT NOT NULL,
  turn TEXT REFERENCES turns (id),
  approval INTEGER REFERENCES approvals (seq),
  reason TEXT,
  raw TEXT NOT NULL,
  UNIQUE (channel, platform_id)
) STRICT;

CREATE INDEX events_queued ON events (conversation, rank, seq, received_at)
  WHERE status = 'queued' AND lane = 'turn';
CREATE INDEX events_commands ON events (seq) WHERE status = 'queued' AND lane = 'command';
CREATE INDEX events_unanswered ON events (chat, message_id)
  WHERE message_id IS NOT NULL AND (status = 'queued' OR status = 'stale');
CREATE INDEX events_stale ON events (chat) WHERE status = 'stale';
CREATE INDEX events_asked ON events (asked_by) WHERE status = 'stale';
CREATE INDEX events_flagged ON events (status, seq)
  WHERE status = 'dead' OR status = 'stale' OR status = 'refused' OR status = 'withdrawn';
CREATE INDEX events_of_turn ON events (turn) WHERE turn IS NOT NULL;

-- Derived from events and turns by one function (sqlite/events/queue.ts): a row per conversation with queued work.
-- `head` is the seq of its oldest queued event; `ready` means that no turn of it is running.
CREATE TABLE queues (
  conversation TEXT PRIMARY KEY,
  chat TEXT NOT NULL,
  person TEXT NOT NULL,
  head INTEGER NOT NULL,
  ready INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX queues_ready ON queues (person, head) WHERE ready = 1;
CREATE INDEX queues_waiting ON queues (conversation) WHERE ready = 0;
CREATE INDEX queues_of_chat ON queues (chat);

-- Derived likewise: a row per person with running or ready work. The next turn is the first of `loads_next`.
CREATE TABLE loads (
  person TEXT PRIMARY KEY,
  running INTEGER NOT NULL,
  head INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX loads_next ON loads (running, head) WHERE head IS NOT NULL;

-- Append-only. `key` makes what is said outside a turn happen once.
CREATE TABLE steps (
  seq INTEGER PRIMARY KEY,
  conversation TEXT NOT NULL REFERENCES conversations (id),
  turn TEXT REFERENCES turns (id),
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  key TEXT
) STRICT;

CREATE INDEX steps_of_conversation ON steps (conversation, seq);
CREATE INDEX steps_of_turn ON steps (turn, seq) WHERE turn IS NOT NULL;
CREATE UNIQUE INDEX steps_key ON steps (key) WHERE key IS NOT NULL;

-- The short id is unique among pending ones only; later asks use it again.
CREATE TABLE approvals (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  turn TEXT NOT NULL REFERENCES turns (id),
  conversation TEXT NOT NULL REFERENCES conversations (id),
  chat TEXT NOT NULL,
  person TEXT NOT NULL,
  call_id TEXT NOT NULL,
  tool TEXT NOT NULL,
  arguments TEXT NOT NULL,
  plan_hash TEXT NOT NULL,
  why TEXT NOT NULL,
  status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  decided_by TEXT,
  decided_at INTEGER,
  reason TEXT
) STRICT;

CREATE UNIQUE INDEX approvals_pending ON approvals (id) WHERE status = 'pending';
CREATE INDEX approvals_by_id ON approvals (id, seq);
CREATE INDEX approvals_of_turn ON approvals (turn);
CREATE INDEX approvals_waiting ON approvals (conversation) WHERE status = 'pending';
CREATE INDEX approvals_expiry ON approvals (expires_at) WHERE status = 'pending';

-- One row is one platform call. `head` marks the row that its chat sends next (sqlite/outbox/heads.ts).
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  key TEXT NOT NULL UNIQUE,
  chat TEXT NOT NULL,
  channel TEXT NOT NULL,
  turn TEXT,
  conversation TEXT,
  kind TEXT NOT NULL,
  -- For edit and delete: the delivery that is changed.
  target TEXT,
  body TEXT NOT NULL,
  preview INTEGER NOT NULL,
  -- A preview whose final text is a row.
  replaced INTEGER NOT NULL DEFAULT 0,
  -- The first of the rows that took this one's place.
  replaced_by TEXT,
  position INTEGER NOT NULL,
  head INTEGER NOT NULL DEFAULT 0,
  status TEXT NOT NULL,
  -- The boot that called the platform last; null: never tried.
  epoch INTEGER,
  -- Stopped while its call was in flight: not tried again.
  halted INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  sent_at INTEGER,
  platform_id TEXT,
  target_platform_id TEXT,
  repeated INTEGER NOT NULL DEFAULT 0,
  reason TEXT
) STRICT;

CREATE INDEX outbox_queued ON outbox (chat, position, seq) WHERE status = 'queued';
CREATE INDEX outbox_sending ON outbox (chat) WHERE status = 'sending';
CREATE INDEX outbox_heads ON outbox (channel, due_at, seq) WHERE head = 1;
CREATE INDEX outbox_halts ON outbox (conversation) WHERE status = 'queued' OR status = 'sending';
CREATE INDEX outbox_edits ON outbox (target) WHERE status = 'queued' AND target IS NOT NULL;
CREATE INDEX outbox_previews ON outbox (turn, seq) WHERE preview = 1 AND replaced = 0 AND kind = 'message';
CREATE INDEX outbox_flagged ON outbox (status, seq) WHERE status = 'dead' OR status = 'cancelled';
CREATE INDEX outbox_of_turn ON outbox (turn, seq) WHERE turn IS NOT NULL;

CREATE TABLE spend (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  turn TEXT,
  conversation TEXT,
  person TEXT NOT NULL,
  purpose TEXT NOT NULL,
  model TEXT NOT NULL,
  reserved_usd REAL NOT NULL,
  cost_usd REAL,
  priced INTEGER NOT NULL,
  prompt_tokens INTEGER,
  cached_tokens INTEGER,
  completion_tokens INTEGER,
  epoch INTEGER NOT NULL,
  at INTEGER NOT NULL,
  settled_at INTEGER
) STRICT;

CREATE INDEX spend_of_turn ON spend (turn, at, cost_usd, reserved_usd) WHERE turn IS NOT NULL;
CREATE INDEX spend_of_person ON spend (person, at, cost_usd, reserved_usd);
CREATE INDEX spend_by_time ON spend (at);
CREATE INDEX spend_unsettled ON spend (epoch) WHERE settled_at IS NULL;

-- How many rows stand in each status, kept by the triggers below: a status page must not scan the history.
CREATE TABLE counts (
  noun TEXT NOT NULL,
  status TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (noun, status)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER events_counted AFTER INSERT ON events BEGIN
  INSERT INTO counts VALUES ('events', NEW.status, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER events_recounted AFTER UPDATE OF status ON events WHEN NEW.status <> OLD.status BEGIN
  UPDATE counts SET n = n - 1 WHERE noun = 'events' AND status = OLD.status;
  INSERT INTO counts VALUES ('events', NEW.status, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER turns_counted AFTER INSERT ON turns BEGIN
  INSERT INTO counts VALUES ('turns', NEW.status, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER turns_recounted AFTER UPDATE OF status ON turns WHEN NEW.status <> OLD.status BEGIN
  UPDATE counts SET n = n - 1 WHERE noun = 'turns' AND status = OLD.status;
  INSERT INTO counts VALUES ('turns', NEW.status, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER outbox_counted AFTER INSERT ON outbox BEGIN
  INSERT INTO counts VALUES ('outbox', NEW.status, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER outbox_recounted AFTER UPDATE OF status ON outbox WHEN NEW.status <> OLD.status BEGIN
  UPDATE counts SET n = n - 1 WHERE noun = 'outbox' AND status = OLD.status;
  INSERT INTO counts VALUES ('outbox', NEW.status, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;
