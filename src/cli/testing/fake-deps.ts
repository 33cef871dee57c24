import { PassThrough } from 'node:stream';
import { createClock } from '#lib/clock.ts';
import type { ControlName, ControlPort } from '#control/surface.ts';
import type { CliDeps, CliHome, ConfigEdit } from '../deps.ts';

export interface FakeOptions {
  /** What control answers by command name; an Error is thrown. */
  readonly answers?: Readonly<Partial<Record<ControlName, unknown>>>;
  readonly home?: Partial<CliHome>;
  readonly deps?: Partial<CliDeps>;
  readonly isTerminal?: boolean;
}

export interface Fake {
  readonly deps: CliDeps;
  readonly stdin: PassThrough;
  out(): string;
  err(): string;
  /** What control was asked. */
  readonly asked: { readonly name: string; readonly input: unknown }[];
  readonly edits: ConfigEdit[];
  readonly secrets: Map<string, string>;
  /** Sends a signal to whoever listens. */
  signal(name: 'SIGINT' | 'SIGTERM'): void;
}

export const fakeNow = Date.UTC(2026, 10, 20, 9, 0, 0);

/** The CLI's dependencies over captured streams, a scripted control and a home in memory. */
export function createFake(options: FakeOptions = {}): Fake {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const { home, edits, secrets } = fakeHome(options.home);
  const { control, asked } = fakeControl(options.answers ?? {});
  const { onSignal, signal } = fakeSignals();
  const isTerminal = options.isTerminal === true;
  const deps: CliDeps = {
    version: '0.1.0',
    stdin,
    stdout,
    stderr,
    terminal: { input: isTerminal, output: isTerminal, color: false, columns: () => 100, rows: () => 30 },
    env: {},
    clock: { ...createClock(), now: () => fakeNow },
    fetch,
    onSignal,
    openHome: () => home,
    startGateway: () => Promise.reject(new Error('no gateway in this test')),
    openControl: () => Promise.resolve({ control, close: () => Promise.resolve() }),
    renderTerminal: (markdown) => `<${markdown.trim()}>`,
    presets: [],
    randomToken: () => 'ab'.repeat(32),
    ...options.deps,
  };
  return { deps, stdin, out: captured(stdout), err: captured(stderr), asked, edits, secrets, signal };
}

function captured(stream: PassThrough): () => string {
  let text = '';
  stream.on('data', (piece: Buffer) => {
    text += piece.toString();
  });
  return () => text;
}

export function fakeControl(answers: Readonly<Record<string, unknown>>): {
  readonly control: ControlPort;
  readonly asked: Fake['asked'];
} {
  const asked: { name: string; input: unknown }[] = [];
  const run = (name: string, input: unknown): Promise<never> => {
    asked.push({ name, input });
    const answer = answers[name];
    if (answer instanceof Error) return Promise.reject(answer);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the answer's type hangs on a name known only at run time; a test that scripts a wrong shape is not told so
    return Promise.resolve(answer as never);
  };
  return { control: { run, runUntrusted: run }, asked };
}

function fakeHome(overrides: Partial<CliHome> = {}): Pick<Fake, 'edits' | 'secrets'> & {
  readonly home: CliHome;
} {
  const edits: ConfigEdit[] = [];
  const secrets = new Map<string, string>();
  const path = '/home/ann/.tiro';
  const configPath = `${path}/config.yaml`;
  const home: CliHome = {
    path,
    configPath,
    token: () => Promise.resolve('owner-token'),
    gateway: () => Promise.resolve(null),
    check: () => Promise.resolve({ ok: true, demo: true, isBlank: true, yaml: 'model: {}\n', warnings: [] }),
    isSet: () => Promise.resolve(false),
    edit: (made) => {
      edits.push(...made);
      return Promise.resolve({ ok: true, path: configPath, warnings: [] });
    },
    writeSecret: (name, secret) => {
      secrets.set(name, secret);
      return Promise.resolve({ file: `secrets/${name}` });
    },
    ...overrides,
  };
  return { home, edits, secrets };
}

function fakeSignals(): Pick<CliDeps, 'onSignal'> & Pick<Fake, 'signal'> {
  const listeners = { SIGINT: new Set<() => void>(), SIGTERM: new Set<() => void>() };
  return {
    onSignal: (signal, listener) => {
      listeners[signal].add(listener);
      return () => listeners[signal].delete(listener);
    },
    signal: (name) => {
      for (const listener of listeners[name]) listener();
    },
  };
}
