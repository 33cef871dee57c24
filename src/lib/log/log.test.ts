import { existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '#test/until.ts';
import { createLogFile } from './log-file.ts';
import { createLog, silentLog } from './log.ts';
import { createRedactor } from './redact.ts';

function home(): string {
  const path = mkdtempSync(join(tmpdir(), 'tiro-log-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function logOf(...secrets: readonly string[]) {
  const lines: string[] = [];
  const log = createLog({ redact: createRedactor(secrets), write: (line) => lines.push(line) });
  return { log, lines };
}

test.each([
  ['key sk-abcdefghijklmnop1234 used', 'key [secret] used'],
  ['xoxb-1234567890-abc and xapp-1-A0123456789', '[secret] and [secret]'],
  [`whsec_${'aB3/'.repeat(8)}= of ci`, '[secret] of ci'],
  [`access_token=EAA${'aB3'.repeat(20)}`, 'access_token=[secret]'],
  ['ghp_abcdefghijklmnop1234', '[secret]'],
  ['/bot123456789:AAExampleExampleExampleExample_-12/getMe', '/bot[secret]/getMe'],
  ['AKIAIOSFODNN7EXAMPLE', '[secret]'],
  // Put together, so that scanners do not take it for a real one.
  [`Bot ${['MTIzNDU2Nzg5MDEyMzQ1Njc4', 'GaBcDe', 'x'.repeat(38)].join('.')}`, 'Bot [secret]'],
  [`AIza${'x'.repeat(35)}`, '[secret]'],
  ['Authorization: Bearer abc.def-ghi', 'Authorization: Bearer [secret]'],
  ['postgres://ann:hunter2@db/x', 'postgres://ann:[secret]@db/x'],
  ['https://ann:p@ss@host/x', 'https://ann:[secret]@host/x'],
  ['see http://host:4180/a and mail ann@example.org', 'see http://host:4180/a and mail ann@example.org'],
])('%s', (text, clean) => {
  expect(createRedactor([])(text)).toBe(clean);
});

test('a known secret is masked wherever it stands: bare, in JSON, in a URL, within another', () => {
  const secret = 'pa"ss\\wörd\n1';
  const redact = createRedactor([secret, 'abcdef', 'abcdefghi']);
  expect(redact(`x${secret}x`)).toBe('x[secret]x');
  expect(redact(JSON.stringify({ secret }))).toBe('{"secret":"[secret]"}');
  expect(redact(`https://h/?k=${encodeURIComponent(secret)}`)).toBe('https://h/?k=[secret]');
  expect(redact('abcdefghi')).toBe('[secret]');
  expect(createRedactor(['', 'a'])('banana')).toBe('banana');
});

test('no spelling of a known secret survives a line of the log', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 8, maxLength: 30 }), (secret) => {
      const { log, lines } = logOf(secret);
      log.info('x', { text: `a ${secret} b`, error: new Error(secret) });
      const spelled = JSON.stringify(secret).slice(1, -1);
      fc.pre(!'[secret]'.includes(spelled));
      expect(lines.join('').split('[secret]').join('')).not.toContain(spelled);
    }),
  );
});

test('masking takes a time in proportion to the text', () => {
  const redact = createRedactor([]);
  for (const piece of ['//a:', 'sk-', '1', ':', 'Bearer ', 'xoxb-', '@']) {
    expect(redact(piece.repeat(20_000)).length).toBeGreaterThan(0);
  }
});

test('a line is JSON with its event, and errors keep their code, cause and stack, masked', () => {
  const { log, lines } = logOf('hunter22');
  const cause = new Error('the key hunter22 was refused');
  log.error('model.failed', { turn: 'trn_1', error: new Error('no answer', { cause }) });
  const line: unknown = JSON.parse(lines[0] ?? '');
  expect(line).toMatchObject({ event: 'model.failed', turn: 'trn_1', level: 50 });
  expect(lines[0]).toContain('the key [secret] was refused');
  expect(lines[0]).toContain('stack');
  expect(lines[0]?.endsWith('\n')).toBe(true);
});

test('what is shown of a warning is one masked line that cannot move the cursor', () => {
  const shown: string[] = [];
  const options = { redact: createRedactor(['hunter22']), write: () => undefined };
  const log = createLog({ ...options, show: (line) => shown.push(line) });
  log.info('quiet', {});
  log.warn('turn.odd', {
    name: 'Eve\u001b[2J\nroot',
    error: new Error('key hunter22\nrefused'),
    turns: [1, 2],
  });
  log.error('bare');
  expect(shown).toEqual([
    'tiro: turn.odd name=Eve [2J root error=key [secret] refused turns=[ 1, 2 ]',
    expect.stringContaining('tiro: bare'),
  ]);
});

test('a log never throws, whatever it is given', () => {
  const lines: string[] = [];
  const put = (line: string): void => void lines.push(line);
  const log = createLog({ redact: createRedactor([]), write: put, show: put });
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;
  log.warn('odd', { loop, big: 10n, fn: () => 1, nothing: undefined, error: 'text' });
  silentLog.error('nobody hears');
  expect(lines).toHaveLength(2);
});

test('a file of the log is its owner’s alone, and is appended to', async () => {
  const path = join(home(), 'logs', 'gateway.log');
  for (const line of ['one\n', 'two\n']) {
    const file = createLogFile(path, fail);
    file.write(line);
    await file.close();
  }
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a full file is kept once, and nothing of it is lost', async () => {
  const path = join(home(), 'gateway.log');
  writeFileSync(path, 'x'.repeat(10 * 1024 * 1024 + 1));
  const file = createLogFile(path, fail);
  file.write('new\n');
  await file.close();
  expect(readFileSync(path, 'utf8')).toBe('new\n');
  expect(statSync(`${path}.1`).size).toBe(10 * 1024 * 1024 + 1);
});

test('a file that was taken away is begun anew', async () => {
  const path = join(home(), 'gateway.log');
  const errors: Error[] = [];
  const file = createLogFile(path, (error) => errors.push(error));
  file.write(`${'x'.repeat(10 * 1024 * 1024 + 1)}\n`);
  await until('it is written', () => existsSync(path) && statSync(path).size > 10 * 1024 * 1024);
  rmSync(path);
  file.write('after\n');
  await file.close();
  expect(readFileSync(path, 'utf8')).toBe('after\n');
  expect(errors).toHaveLength(1);
});

test('a disk that refuses is told of once, and written to again when it takes lines', async () => {
  const path = join(home(), 'gateway.log');
  mkdirSync(path);
  const errors: Error[] = [];
  const file = createLogFile(path, (error) => errors.push(error));
  file.write('lost\n');
  await until('it is told', () => errors.length === 1);
  file.write('lost too\n');
  rmSync(path, { recursive: true });
  await until('it writes again', () => {
    file.write('kept\n');
    return existsSync(path) && statSync(path).isFile() && statSync(path).size > 0;
  });
  await file.close();
  expect(readFileSync(path, 'utf8')).toContain('kept\n');
  expect(errors).toHaveLength(1);
});

function fail(error: Error): never {
  throw error;
}
