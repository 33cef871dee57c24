import { expect, test } from 'vitest';
import { createTestLog } from '#test/fakes/sink.ts';
import { createManualClock } from '#test/kernel/clock.ts';
import { createConnection } from './connection.ts';

function setUp() {
  const [clock, log] = [createManualClock(), createTestLog()];
  const connection = createConnection({ clock, log }, 'telegram');
  return { clock, log, connection };
}

test('each change counts and starts a new time; another reason for the same state does neither', async () => {
  const { clock, connection } = setUp();
  const begun = clock.now();
  expect(connection.read()).toEqual({ state: 'down', why: 'not connected yet', since: begun, changes: 0 });
  connection.tell('down', 'refused');
  connection.tell('down', 'refused');
  expect(connection.read()).toEqual({ state: 'down', why: 'refused', since: begun, changes: 0 });
  await clock.pass(5_000);
  connection.tell('up', 'connected');
  expect(connection.read()).toEqual({ state: 'up', why: 'connected', since: begun + 5_000, changes: 1 });
});

test('one that flaps for an hour writes about a line a minute, which says how many were left out', async () => {
  const { clock, connection, log } = setUp();
  for (let second = 0; second < 3_600; second += 1) {
    connection.tell(second % 2 === 0 ? 'up' : 'down', 'flapping');
    await clock.pass(1_000);
  }
  expect(connection.read().changes).toBe(3_600);
  expect(log.lines.length).toBeGreaterThan(30);
  expect(log.lines.length).toBeLessThan(70);
  expect(log.lines.at(-1)).toMatchObject({ event: 'channel.state', leftOut: expect.any(Number) });
});

test('one that was quiet for ten minutes is written at once again, each time', async () => {
  const { clock, connection, log } = setUp();
  for (let n = 0; n < 8; n += 1) connection.tell(n % 2 === 0 ? 'up' : 'down', 'x');
  expect(log.lines).toHaveLength(6);
  await clock.pass(600_000);
  for (let n = 0; n < 3; n += 1) connection.tell(n % 2 === 0 ? 'up' : 'down', 'y');
  expect(log.lines).toHaveLength(9);
});
