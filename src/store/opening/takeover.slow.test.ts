import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { OpenOptions } from '../protocol.ts';
import { openHome } from './index.ts';
import { readMigrations } from './migrate.ts';
import { processStarted } from './processes.ts';

const migrations = readMigrations(fileURLToPath(new URL('../migrations/', import.meta.url)));
const holder = fileURLToPath(new URL('../../../test/store-holder.ts', import.meta.url));

function newHome(): OpenOptions {
  const home = mkdtempSync(join(tmpdir(), 'tiro-home-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  return {
    file: join(home, 'tiro.db'),
    lockFile: join(home, 'gateway.lock.db'),
    backupDir: join(home, 'backups'),
    takeover: false,
    lockWaitMs: 200,
    startedAt: 1_000,
  };
}

/** Another gateway on the home, in a process of its own, ready. */
async function startHolder(options: OpenOptions, what: 'idle' | 'in-write'): Promise<ChildProcess> {
  const child = spawn(process.execPath, [holder, JSON.stringify(options), what], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child.stdout, 'data');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

test('the lock of a gateway falls with its process, however it ends', async () => {
  const options = newHome();
  const child = await startHolder(options, 'idle');
  const message = expect.stringContaining(`process ${child.pid}`);
  expect(() => openHome(options, migrations)).toThrow(
    expect.objectContaining({ code: 'home-locked', message }),
  );
  await kill(child);
  const home = openHome(options, migrations);
  expect(home).toMatchObject({ epoch: 2, killed: [] });
  expect(home.lock.isHeld()).toBe(true);
  home.db.close();
  home.lock.release();
});

test('a takeover kills a gateway that was stopped inside a write, and its write never happened', async () => {
  const options = newHome();
  const child = await startHolder(options, 'in-write');
  const exited = once(child, 'exit');
  child.kill('SIGSTOP');
  const home = openHome({ ...options, takeover: true }, migrations);
  expect(home.killed).toEqual([child.pid]);
  expect(await exited).toEqual([null, 'SIGKILL']);
  expect(home.epoch).toBe(2);
  expect(home.db.prepare('SELECT * FROM state').all()).toEqual([]);
  await vi.waitFor(() => expect(home.lock.take(0)).toBe(true));
  home.db.close();
  home.lock.release();
});

test('a process that only has the pid of an old gateway is left alone', async () => {
  const options = newHome();
  const child = await startHolder(options, 'in-write');
  expect(processStarted(child.pid ?? 0)).not.toBeNull();
  // As if the pid had been given to another process since: the row names one that started at another time.
  await kill(child);
  const innocent = await startHolder(newHome(), 'idle');
  const first = openHome(options, migrations);
  first.db.prepare('UPDATE boots SET pid = ?, process_started = ?').run(innocent.pid ?? 0, '1');
  first.db.exec('BEGIN IMMEDIATE');
  expect(() => openHome({ ...options, takeover: true }, migrations)).toThrow(
    expect.objectContaining({ code: 'home-locked' }),
  );
  expect(innocent.exitCode).toBeNull();
  expect(innocent.signalCode).toBeNull();
  first.db.close();
  first.lock.release();
});
