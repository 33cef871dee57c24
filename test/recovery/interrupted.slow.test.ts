import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { until } from '#test/until.ts';
import { type Running, type World, startWorld, token } from './world.ts';

/** One person for each state in which a turn, a delivery or a command can be interrupted. */
const who = {
  hungSend: 11,
  asked: 12,
  pure: 13,
  keyed: 14,
  once: 15,
  deaf: 16,
  parked: 17,
  decided: 18,
  deferred: 19,
  command: 20,
  preview: 21,
  unsent: 22,
  draft: 23,
} as const;

/** How many messages of a chat hold these words. */
const count = (world: World, person: number, words: string): number =>
  world.shown(person).filter((text) => text.includes(words)).length;

/** Brings everybody into their state, all at the same time. */
async function interruptEverything(world: World, gateway: Running): Promise<void> {
  const { telegram, model } = world;
  const held = (name: string): Promise<unknown> =>
    until(`${name} is held up`, () => world.linesOf('held').includes(name));
  telegram.hang('sendMessage');
  world.say(who.hungSend, 'hung');
  await until('its send hangs', () =>
    telegram.calls.some(({ params }) => String(params['text']).includes('hung')),
  );
  for (const name of ['look', 'keep', 'ring', 'deaf']) world.set(`hold-${name}`, true);
  for (const [person, name] of [
    [who.pure, 'look'],
    [who.keyed, 'keep'],
    [who.once, 'ring'],
    [who.deaf, 'deaf'],
  ] as const) {
    world.say(person, `please use ${name}`);
    await held(name);
  }
  for (const person of [who.parked, who.decided]) {
    world.say(person, 'please use danger');
    await until('it asks', () => approvalIn(world, person));
  }
  world.set('broken', true);
  world.say(who.deferred, 'BROKEN today');
  await held('broken');
  world.say(who.draft, 'write me slowly');
  await until('a draft is shown', () => telegram.draftIn(who.draft).includes('word'));
  telegram.failNext('sendMessageDraft', 404, 'Not Found: method not found'); // from now on there are previews
  world.say(who.preview, 'tell me slowly');
  await until('a preview is shown', () => world.shown(who.preview).some((text) => text.includes('word')));
  model.faultNext({ kind: 'hang' });
  world.say(who.asked, 'asked');
  await until('the model is asked', () => model.requests.some(({ raw }) => raw.includes('asked\\n')));
  world.set('hold-outbox', true);
  world.say(who.unsent, 'unsent');
  await until('its answer is written', async () =>
    (await queued(gateway)).some((text) => text.includes('ANSWER unsent')),
  );
  world.set('hold-claims', true);
  const decided = await until('its id', () => approvalIn(world, who.decided));
  await decide(gateway, decided);
  world.set('hold-command', true);
  world.say(who.command, '/status');
  await held('command');
}

async function queued(gateway: Running): Promise<readonly string[]> {
  const response = await fetch(`${gateway.url}/api/control/outbox.list`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ status: 'queued', limit: 99 }),
  });
  return [await response.text()];
}

function approvalIn(world: World, person: number): string | null {
  for (const text of world.shown(person)) {
    const id = /\b(?=[A-Z]*[0-9])[0-9A-HJKMNP-TV-Z]{4}\b/.exec(text)?.[0];
    if (id !== undefined) return id;
  }
  return null;
}

async function decide(gateway: Running, id: string): Promise<void> {
  const response = await fetch(`${gateway.url}/api/approvals/${id}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ decision: 'once' }),
  });
  expect(response.status).toBe(200);
}

/** An event stream that is read, and a request whose body never comes. */
async function openConnections(gateway: Running): Promise<AbortController> {
  const reader = new AbortController();
  const headers = { authorization: `Bearer ${token}` };
  const stream = await fetch(`${gateway.url}/api/events`, { headers, signal: reader.signal });
  expect(stream.status).toBe(200);
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  socket.on('error', () => undefined); // cut off by the gateway's end
  socket.write(
    `POST /api/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"text":`,
  );
  return reader;
}

const drainLimitMs = 10_000;

test.each(['SIGKILL', 'SIGTERM'] as const)(
  '%s while turns, sends and commands stand in every state: each goes on, once, or says why not',
  async (signal) => {
    await using world = await startWorld(Object.values(who));
    const first = await world.start();
    const reader = await openConnections(first);
    await interruptEverything(world, first);
    const ended = await first.end(signal);
    reader.abort();
    if (signal === 'SIGTERM') expect(ended.code).toBe(0);
    expect(ended.tookMs).toBeLessThan(drainLimitMs);
    for (const name of ['look', 'keep', 'ring', 'deaf', 'outbox', 'claims', 'command'])
      world.set(`hold-${name}`, false);
    world.set('broken', false);
    const effectsBefore = world.linesOf('effects');
    const second = await world.start();
    await everybodyIsAnswered(world, second);
    expect(problems(world, effectsBefore)).toEqual([]);
  },
  90_000,
);

async function everybodyIsAnswered(world: World, gateway: Running): Promise<void> {
  const answered = (person: number, words: string): Promise<unknown> =>
    until(`${words} is said to ${person}`, () => count(world, person, words) > 0, 30_000).catch(
      (error: unknown) => {
        throw new Error(`${String(error)} Shown: ${JSON.stringify(world.shown(person))}`);
      },
    );
  await answered(who.hungSend, 'ANSWER hung END.');
  await answered(who.asked, 'ANSWER asked END.');
  await answered(who.pure, 'RESULT look is done END.');
  await answered(who.keyed, 'END.');
  await answered(who.once, 'RESULT Outcome unknown');
  await answered(who.deaf, 'RESULT deaf is done END.');
  await answered(who.decided, 'danger is done');
  await answered(who.deferred, 'ANSWER BROKEN today END.');
  await answered(who.draft, 'ANSWER write me slowly END.');
  await answered(who.preview, 'ANSWER tell me slowly END.');
  await answered(who.unsent, 'ANSWER unsent END.');
  await until('the command is answered', () => world.shown(who.command).length > 0);
  const parked = await until('its id', () => approvalIn(world, who.parked));
  await decide(gateway, parked);
  await answered(who.parked, 'danger is done');
}

/** What the outside saw too often, or not in words. */
function problems(world: World, effectsBefore: readonly string[]): readonly string[] {
  const effects = world.linesOf('effects');
  const times = (tool: string): number => effects.filter((line) => line.startsWith(`${tool} `)).length;
  const keys = new Set(effects.filter((line) => line.startsWith('keep ')));
  const twice = Object.entries(who).filter(([, person]) => {
    const whole = world.shown(person).filter((text) => /END\.|How it stands/.test(text));
    return whole.filter((text) => !text.includes('(possibly repeated)')).length > 1;
  });
  return [
    ...twice.map(([name, person]) => `${name}: said twice: ${JSON.stringify(world.shown(person))}`),
    ...(times('ring') === 0 ? [] : ['ring acted, though its outcome was said to be unknown']),
    ...(times('danger') === 2 ? [] : [`danger acted ${times('danger')} times for two approvals`]),
    ...(keys.size <= 1 ? [] : ['keep acted under two keys']),
    ...(effectsBefore.length === 0 ? [] : [`acted before the end: ${effectsBefore.join()}`]),
    ...(count(world, who.once, 'ring') > 0 ? [] : ['nobody was told of the call whose outcome is unknown']),
    ...(count(world, who.hungSend, '(possibly repeated)') <= 1 ? [] : ['marked twice']),
  ];
}
