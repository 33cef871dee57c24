import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Fault, faults } from '#test/fakes/disk/control.ts';
import { diskRequirement } from '#test/fakes/disk/index.ts';
import { needs } from '#test/house/requirement.ts';
import { until } from '#test/until.ts';
import { type DiskWorld, type Gateway, startDiskWorld } from './disk-world.ts';

const compiler = needs(diskRequirement);
beforeEach(({ skip }) => skip(compiler.skip, compiler.reason));

/** So much of a write gets through that the WAL ends in the middle of a page. */
const fillsUp: Fault = { ...faults.full, room: 6_000 };

describe('a gateway whose disk goes wrong while it runs', () => {
  let world: DiskWorld;
  let gateway: Gateway;

  beforeAll(async () => {
    if (compiler.skip) return;
    world = await startDiskWorld();
    gateway = world.launch();
    await gateway.ready();
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  const ways = { ...faults, fillsUp } as const;
  test.each(['full', 'fillsUp', 'readOnly', 'writeFails', 'syncFails'] as const)(
    '%s: nothing is acknowledged that is not stored, it is said, and all goes on when the cause is gone',
    async (name) => {
      const { disk, telegram } = world;
      world.disk.set(ways[name]);
      const update = telegram.userText(`${name} by telegram`);
      const refused = await world.post(`${name} by api`, name);
      expect(refused.status).toBe(503);
      expect(refused.text).toContain('"store-unavailable"');
      const unready = await until('it says what is wrong', async () => {
        const { status, text } = await world.readyz();
        return text.includes('store: ') && text.includes('telegram: ') ? { status, text } : null;
      });
      expect(unready.status).toBe(503);
      expect(unready.text).toMatch(/store: Nothing was stored: .*\(SQLITE_(FULL|IOERR_\w+)\)/);
      expect(gateway.words()).toContain('tiro: store.refused why=Nothing was stored');
      expect(telegram.confirmed).not.toContain(update.update_id);
      expect(await world.post(`${name} by api`, name)).toMatchObject({ status: 503 });
      expect(disk.refused()).toBeGreaterThan(0);

      disk.clear();
      await until('it is ready by itself', async () => (await world.readyz()).status === 200);
      expect(await world.post(`${name} by api`, name)).toMatchObject({ status: 202 });
      await until('it has answered', () =>
        world.answers().some((text) => text.includes(`${name} by telegram`)),
      );
      expect(gateway.child.exitCode).toBeNull();
    },
  );

  test('in the end each message is there once, each was answered once, and the log tells of the trouble', async () => {
    await gateway.stop();
    const names = ['full', 'fillsUp', 'readOnly', 'writeFails', 'syncFails'];
    const all = names.flatMap((name) => [`${name} by api`, `${name} by telegram`]);
    expect(world.storedTexts().toSorted()).toEqual(all.toSorted());
    const answers = world.answers().join('\n');
    for (const name of names) expect(answers.split(`${name} by telegram`)).toHaveLength(2);
    expect(gateway.words().split('tiro: store.refused').length - 1).toBeGreaterThanOrEqual(names.length);
    // Each recovery was seen at /readyz; a line that is due while the log itself cannot be written is not in the file.
    expect(world.logged('store.recovered').length).toBeGreaterThan(0);
    expect((await gateway.ended()).code).toBe(0);
  });
});

// SQLite has one word for a file that is damaged and for one that the disk cannot read, and a damaged one is not used.
test('a disk that cannot be read ends the gateway with 69, which says to look at the disk first; then all is there', async () => {
  await using world = await startDiskWorld();
  const first = world.launch();
  await first.ready();
  expect(await world.post('before', 'k')).toMatchObject({ status: 202 });
  await first.stop();
  const second = world.launch();
  await second.ready();
  world.disk.set({ ...faults.readFails, only: 'tiro.db' });
  const refused = await until('a cold page is needed', async () => {
    const answer = await world.post('while', 'while');
    return answer.status === 202 ? null : answer;
  });
  expect(refused).toMatchObject({ status: 503, text: expect.stringContaining('"store-corrupt"') });
  const { code, words } = await second.ended();
  expect(code).toBe(69);
  expect(words).toMatch(/tiro: The database \S+tiro\.db is damaged .*read errors of the disk/);
  const third = world.launch();
  expect(await third.ended()).toMatchObject({
    code: 69,
    words: expect.stringContaining('Look at the disk'),
  });
  world.disk.clear();
  const fourth = world.launch();
  await fourth.ready();
  expect(await world.post('while', 'while')).toMatchObject({ status: 202 });
  await fourth.stop();
  expect(world.storedTexts()).toEqual(['before', 'while']);
});

test('a disk that is full while a turn runs: the turn waits and is answered once', async () => {
  await using world = await startDiskWorld({ latencyMs: 300 });
  const gateway = world.launch();
  await gateway.ready();
  world.telegram.userText('a question');
  await until('the model is asked', () => world.model.requests.length > 0);
  world.disk.set(faults.full);
  await until('its reply cannot be stored', () => gateway.words().includes('turn.tried-again'));
  expect(world.answers()).toEqual([]);
  world.disk.clear();
  await until('it is answered', () => world.answers()[0]);
  await until('it is ready', async () => (await world.readyz()).status === 200);
  await gateway.stop();
  expect(world.answers()).toEqual([expect.stringContaining('a question')]);
});

test('a disk that is full while a message is sent: what the platform took is kept, and not sent again', async () => {
  await using world = await startDiskWorld();
  const gateway = world.launch();
  await gateway.ready();
  world.telegram.latencyMs = 300;
  world.telegram.userText('a question');
  await until('the answer is on its way', () =>
    world.telegram.calls.some(({ method }) => method === 'sendMessage'),
  );
  world.disk.set(faults.full);
  await until('that it was sent cannot be stored', () => gateway.words().includes('delivery.unsettled'));
  world.disk.clear();
  await until('it is ready', async () => (await world.readyz()).status === 200);
  // What was answered can only be said once its row is settled: the chat's order is kept.
  world.telegram.userText('another');
  await until('the chat goes on', () => world.answers().some((text) => text.includes('another')));
  await gateway.stop();
  expect(world.answers()).toEqual([
    expect.stringMatching(/^You said: a question(?!.*possibly repeated)/s),
    expect.stringContaining('another'),
  ]);
});

test('a write-back that fails delays nobody, and is made up for', async () => {
  await using world = await startDiskWorld({ script: () => ({ text: 'fine' }) });
  const gateway = world.launch();
  await gateway.ready();
  world.disk.set({ ...faults.writeFails, only: 'tiro.db$' });
  const text = 'x'.repeat(300_000);
  const posted = Array.from({ length: 10 }, (_, n) => world.post(`${n} ${text}`, `k${n}`));
  expect((await Promise.all(posted)).map(({ status }) => status)).toEqual(posted.map(() => 202));
  await until('the disk has refused it', () => world.disk.refused() > 0);
  expect(await world.readyz()).toMatchObject({ status: 200 });
  expect(world.mainFileBytes()).toBeLessThan(1_000_000);
  world.disk.clear();
  expect(await world.post('after', 'after')).toMatchObject({ status: 202 });
  await until('it is written back', () => world.mainFileBytes() > 3_000_000);
  await gateway.stop();
  expect(world.storedTexts()).toHaveLength(11);
});

test('SIGTERM on a full disk ends with 69 and says why, and the next start goes on', async () => {
  await using world = await startDiskWorld();
  const first = world.launch();
  await first.ready();
  world.disk.set(faults.full);
  world.telegram.userText('a question');
  await until('it cannot be stored', () => first.words().includes('event.refused'));
  first.child.kill('SIGTERM');
  const { code, words } = await first.ended();
  expect(code).toBe(69);
  expect(words).toContain('tiro: Nothing was stored: database or disk is full (SQLITE_FULL).');
  world.disk.clear();
  const second = world.launch();
  await second.ready();
  await until('it is answered', () => world.answers()[0]);
  await second.stop();
  expect(world.answers()).toEqual([expect.stringContaining('a question')]);
});

describe('a start on a disk that goes wrong', () => {
  let world: DiskWorld;
  beforeAll(async () => {
    if (!compiler.skip) world = await startDiskWorld({}, { token: 'own' });
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  const stages = [
    ['full', 'token', /token cannot be written \(ENOSPC.*\)/],
    ['readOnly', 'token', /token cannot be written \(EROFS.*\)/],
    ['full', 'tiro.db', /tiro\.db cannot be opened for writing: .*\(SQLITE_FULL\)/],
    ['readOnly', 'tiro.db', /tiro\.db cannot be opened for writing: .*\(SQLITE_(CANTOPEN|READONLY)\w*\)/],
    ['syncFails', 'tiro.db', /tiro\.db cannot be opened for writing: .*\(SQLITE_IOERR_FSYNC\)/],
    ['full', 'gateway.json', /gateway\.json cannot be written \(ENOSPC.*\)/],
  ] as const;

  test.each(stages)(
    '%s at %s: it ends with 69, says which file, and leaves no half of one',
    async (name, only, said) => {
      world.disk.set({ ...faults[name], only });
      const gateway = world.launch();
      const { code, words } = await gateway.ended();
      expect(words).toMatch(said);
      expect(words).not.toContain('    at ');
      expect(code).toBe(69);
      expect(world.homeFiles().filter((file) => file.endsWith('.tmp'))).toEqual([]);
    },
  );

  test('a log that cannot be written is said, and nothing else is lost by it', async () => {
    const before = world.logged('gateway.stopped').length;
    world.disk.set({ ...faults.full, only: '/logs/' });
    const gateway = world.launch();
    await gateway.ready();
    expect(gateway.words()).toContain('The log cannot be written: ENOSPC');
    world.telegram.userText('hello');
    await until('it is answered', () => world.answers()[0]);
    world.disk.clear();
    await gateway.stop();
    expect(world.logged('gateway.stopped')).toHaveLength(before + 1);
    expect((await gateway.ended()).code).toBe(0);
  });
});
