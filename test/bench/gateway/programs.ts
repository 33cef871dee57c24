import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '#test/until.ts';
import { type Program, startProgram } from './program.ts';

/** Where the run keeps everything: homes, databases, the compile cache of both programs. */
export interface Place {
  readonly folder: string;
}

export const token = 'bench-token-0123456789abcdef';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The product as its users start it. `home` is a name; the same name is the same home again. */
export async function startProduct(
  { folder }: Place,
  options: {
    readonly home: string;
    readonly modelUrl?: string;
    readonly config?: string;
    /** Beside what every program gets. */
    readonly env?: Readonly<Record<string, string>>;
  },
): Promise<Program> {
  const home = join(folder, options.home);
  mkdirSync(home, { recursive: true });
  if (options.config !== undefined) writeFileSync(join(home, 'config.yaml'), options.config);
  const model = options.modelUrl === undefined ? {} : { OPENAI_BASE_URL: options.modelUrl };
  const program = await startProgram({
    name: 'The product',
    command: [join(root, 'bin/tiro'), 'start', '--port', '0', '--home', home],
    env: { ...environment(folder), ...model, TIRO_TOKEN: token, ...options.env },
    ready: /^tiro ready (http:\/\/\S+)$/m,
  });
  await until('it says /readyz', async () => (await fetch(`${program.url}/readyz`)).status === 200);
  return program;
}

/** A config.yaml that names the model server and how often at a time it may be called. */
export function configFor(modelUrl: string, concurrency: number): string {
  const provider = { baseUrl: modelUrl, concurrency, models: { 'fake-model': {} } };
  return JSON.stringify({ model: { providers: { main: provider } } }); // JSON is YAML too
}

/** The floor, with the Node, the flags and the allocator settings that bin/tiro starts the product with. */
export function startFloor({ folder }: Place, modelUrl: string): Promise<Program> {
  const { flags, arenas } = launcherSettings();
  return startProgram({
    name: 'The floor',
    command: [process.execPath, ...flags, join(root, 'test/bench/floor/main.ts'), join(folder, 'floor.db')],
    env: { ...environment(folder), OPENAI_BASE_URL: modelUrl, MALLOC_ARENA_MAX: arenas },
    ready: /^floor ready (http:\/\/\S+)$/m,
  });
}

export interface ModelOptions {
  readonly latencyMs: number;
  readonly slots?: number;
  /** So many of its newest requests stay in its report. */
  readonly keep: number;
}

/** The model server, in a process of its own, so that its work is not counted as somebody else's. */
export function startModel({ folder }: Place, options: ModelOptions): Promise<Program> {
  const slots = options.slots === undefined ? [] : ['--slots', String(options.slots)];
  const numbers = ['--latency', String(options.latencyMs), '--keep', String(options.keep), ...slots];
  return startProgram({
    name: 'The model server',
    command: [process.execPath, join(root, 'test/fakes/model/main.ts'), ...numbers],
    env: environment(folder),
    ready: /^(http:\/\/\S+)$/m,
  });
}

function environment(folder: string): Readonly<Record<string, string>> {
  const cache = join(folder, 'compile-cache');
  return { PATH: process.env['PATH'] ?? '', HOME: folder, NODE_COMPILE_CACHE: cache };
}

/** Read from bin/tiro itself: a change there must not favour one side here. */
function launcherSettings(): { readonly flags: readonly string[]; readonly arenas: string } {
  const launcher = readFileSync(join(root, 'bin/tiro'), 'utf8');
  const flags = /^exec "\$node" (.*) "\$root\/\S+" "\$@"$/m.exec(launcher)?.[1];
  const arenas = /MALLOC_ARENA_MAX:-(\d+)/.exec(launcher)?.[1];
  if (flags === undefined || arenas === undefined)
    throw new Error('bin/tiro starts Node in another way now.');
  return { flags: flags.split(' '), arenas };
}
