import { serve } from '@hono/node-server';
import Database from 'better-sqlite3';
import { Hono } from 'hono';
import OpenAI from 'openai';

/**
 * The floor of the bench: the least program that takes a message, keeps it, asks the model with the conversation so
 * far, keeps the answer and gives it back. No tools, channels, people, budgets or recovery.
 *
 *     OPENAI_BASE_URL=… node test/bench/floor/main.ts DATABASE
 */
interface Body {
  readonly user: string;
  readonly messages: readonly { readonly content: string }[];
}

const db = new Database(process.argv[2] ?? ':memory:');
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.exec(`CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, user TEXT, role TEXT, content TEXT);
  CREATE INDEX IF NOT EXISTS messages_of_user ON messages (user, id)`);
const keep = db.prepare('INSERT INTO messages (user, role, content) VALUES (?, ?, ?)');
const history = db.prepare<[string], OpenAI.ChatCompletionUserMessageParam>(
  'SELECT role, content FROM messages WHERE user = ? ORDER BY id',
);
const openai = new OpenAI({ apiKey: 'none', maxRetries: 0 });

const app = new Hono();
app.get('/readyz', (c) => c.json({ ready: true }));
app.post('/v1/chat/completions', async (c) => {
  const { user, messages } = await c.req.json<Body>();
  keep.run(user, 'user', messages.at(-1)?.content);
  const request = { model: 'fake-model', messages: history.all(user), stream: true } as const;
  let content = '';
  for await (const chunk of await openai.chat.completions.create(request)) {
    content += chunk.choices[0]?.delta.content ?? '';
  }
  keep.run(user, 'assistant', content);
  return c.json({
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content } }],
  });
});

const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) =>
  console.log(`floor ready http://127.0.0.1:${port}`),
);
process.once('SIGTERM', () => {
  server.close(() => db.close());
  if ('closeAllConnections' in server) server.closeAllConnections();
});
