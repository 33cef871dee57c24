import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openTestStore } from '#test/store.ts';
import { until } from '#test/until.ts';
import { type World, startWorld } from './world.ts';

const owner = 7;

async function answered(world: World, text: string): Promise<void> {
  await until(`${text} is answered`, () =>
    world.shown(owner).some((shown) => shown.includes(`ANSWER ${text} END.`)),
  );
}

test('a second SIGTERM ends it at once with 1, and what ran goes on at the next start', async () => {
  await using world = await startWorld([]);
  const gateway = await world.startProgram();
  world.model.faultNext({ kind: 'hang' });
  world.say(owner, 'patience');
  await until('the model is asked', () => world.model.requests.length === 1);
  gateway.child.kill('SIGTERM');
  await until('it says that it stops', () => gateway.stderr().includes('Once more'));
  const { code, tookMs } = await gateway.end('SIGTERM');
  expect(code).toBe(1);
  // The first one alone lets the turn go on for six seconds.
  expect(tookMs).toBeLessThan(5_000);
  await world.startProgram();
  await answered(world, 'patience');
  expect(world.shown(owner)).toHaveLength(1);
});

test('a hung model and a hung send do not keep one SIGTERM from ending it with 0 within ten seconds', async () => {
  await using world = await startWorld([41]);
  const gateway = await world.startProgram();
  world.telegram.hang('sendMessage');
  world.say(41, 'hung');
  await until('its send hangs', () => world.telegram.calls.some(({ method }) => method === 'sendMessage'));
  world.model.faultNext({ kind: 'hang' });
  world.say(owner, 'patience');
  await until('the model is asked', () => world.model.requests.length === 2);
  const { code, tookMs } = await gateway.end('SIGTERM');
  expect(code).toBe(0);
  expect(tookMs).toBeLessThan(10_000);
  await world.startProgram();
  await answered(world, 'patience');
  await until('the hung one is sent again', () => world.shown(41).length === 1);
});

interface Damage {
  readonly what: string;
  readonly do: (file: string) => void;
  readonly says: RegExp;
}

const damages: readonly Damage[] = [
  { what: 'emptied', do: (file) => truncateSync(file), says: /damaged \(it is empty\)/ },
  {
    what: 'overwritten in its first page',
    do: (file) => writeFileSync(file, 'x'.repeat(100), { flag: 'r+' }),
    says: /damaged/,
  },
  {
    what: 'cut in half',
    do: (file) => truncateSync(file, Math.floor(statSync(file).size / 8192) * 4096),
    says: /damaged/,
  },
];

test.each(damages)('a database that was $what: exit 69, in words, and nothing is changed', async (damage) => {
  await using world = await startWorld([]);
  const file = join(world.home, 'tiro.db');
  // Closed without the word that it stopped: as a crash leaves it, with all of it in the one file.
  await (await openTestStore({ home: world.home })).close();
  damage.do(file);
  const before = digest(file);
  await expect(world.startProgram()).rejects.toThrow(damage.says);
  expect(world.lastCode()).toBe(69);
  expect(digest(file)).toBe(before);
});

test('a torn end of the log and an address file of a gateway that is gone are no obstacle', async () => {
  await using world = await startWorld([]);
  const first = await world.startProgram();
  world.say(owner, 'hello');
  await answered(world, 'hello');
  await first.end('SIGKILL');
  const wal = join(world.home, 'tiro.db-wal');
  truncateSync(wal, statSync(wal).size - 1_000);
  writeFileSync(join(world.home, 'gateway.json'), '{"url":"http://127.0.0.1:1","pid":1}');
  const second = await world.startProgram();
  expect(readFileSync(join(world.home, 'gateway.json'), 'utf8')).toContain(second.url);
  world.say(owner, 'after the cut');
  await answered(world, 'after the cut');
});

test('an old copy of the database beside a live platform: what it knows is not answered twice, what it lacks is new', async () => {
  await using world = await startWorld([]);
  const copy = join(world.home, 'copy.db');
  const first = await world.startProgram();
  world.say(owner, 'before');
  await answered(world, 'before');
  await first.end('SIGTERM');
  copyFileSync(join(world.home, 'tiro.db'), copy);
  const second = await world.startProgram();
  world.say(owner, 'between');
  await answered(world, 'between');
  await second.end('SIGTERM');
  copyFileSync(copy, join(world.home, 'tiro.db'));
  await world.startProgram();
  // A platform that never heard of the confirmation gives both again.
  for (const update of world.said()) world.telegram.again(update);
  const times = (text: string): number =>
    world.shown(owner).filter((shown) => shown.includes(`ANSWER ${text} END.`)).length;
  await until('the one it lacks is answered', () => times('between') === 2);
  world.say(owner, 'after');
  await answered(world, 'after');
  expect(times('before')).toBe(1);
});

function digest(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
