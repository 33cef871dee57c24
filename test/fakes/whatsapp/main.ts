import { parseArgs } from 'node:util';
import { createTestDeps, createTestSink } from '../sink.ts';
import { until } from '#test/until.ts';

/**
 * A program of its own: a conversation in which keys get lost on one side, so that sessions are closed and opened anew. With
 * `--loud` the library may print what it likes. What stands on its standard output and error is looked at by a test.
 */
const { values } = parseArgs({ options: { loud: { type: 'boolean' } } });
const { quietLibrary } = await import('#adapters/whatsapp/web/quiet.ts');
const { startFakeWhatsApp } = await import('./index.ts');
const { createAtFake } = await import('./seam.ts');
const words = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const;
const loud = Object.fromEntries(words.map((word) => [word, console[word]]));

const fake = await startFakeWhatsApp();
const deps = createTestDeps();
const sink = createTestSink();
const settings = { mode: 'web', server: fake.url, rootKey: Buffer.from(fake.rootKey).toString('base64') };
const adapter = createAtFake({ ...deps, fetch }, settings);
const abort = new AbortController();
const ended = adapter.start(sink, abort.signal);
await until('it is up', () => sink.states.at(-1)?.state === 'up');
if (values.loud === true) Object.assign(console, loud);
else quietLibrary();
const ann = fake.phone('4917000000100');
for (const round of [1, 2]) {
  await fake.say(ann, `before ${round}`);
  await until('it is stored', () => sink.events.some(({ text }) => text === `before ${round}`));
  // An answer begins a session of its own, and closes the one that there was.
  const body = {
    kind: 'message',
    markdown: '',
    text: `answer ${round}`,
    dialect: 'plain',
    replyTo: null,
  } as const;
  const address = { channel: 'whatsapp', chat: ann.user, thread: null };
  await adapter.send(
    { id: `dlv_${round}`, address, body: { ...body, buttons: [] }, targetPlatformId: null },
    abort.signal,
  );
  const sessions = Object.keys(await deps.state.list('key session '));
  await deps.state.setAll(Object.fromEntries(sessions.map((key) => [key, null])));
  await fake.say(ann, `behind ${round}`);
  await until('it came anew', () => sink.events.some(({ text }) => text === `behind ${round}`));
}
console.log(`done, ${fake.deliveries.retries()} messages came anew`);
abort.abort();
await ended;
await fake.close();
process.exit(0);
