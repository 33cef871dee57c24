import type { ControlName, ControlPort, ControlSurface, StatusReport } from '#control/surface.ts';
import { TiroError } from '#core/errors.ts';
import type { LogPort } from '#core/ports/clock.ts';
import { createClock } from '#lib/clock.ts';
import { randomToken } from '#lib/random.ts';
import type { WebDeps } from '../deps.ts';
import { type WebServer, createWeb } from '../index.ts';
import { type Kernel, createKernel } from './kernel.ts';
import { fakeLinkCommands, linkReport, notLinked, type TestLink } from './link.ts';
import { type TestPeople, fakePeopleCommands } from './people.ts';

export const testToken = 'a-token-for-tests';

export interface TestWeb {
  readonly kernel: Kernel;
  /** Who is known and who waits. */
  readonly people: TestPeople;
  /** The channel that a phone lets in. */
  readonly link: TestLink;
  readonly web: WebServer;
  readonly deps: WebDeps;
  /** What was logged as an error. */
  readonly defects: string[];
  /** A request without a port; `auth: false` leaves the token out. */
  request(path: string, init?: RequestInit & { readonly auth?: boolean }): Promise<Response>;
}

/** The web on a scripted kernel. `change` replaces single deps. */
export function testWeb(
  change: Partial<WebDeps> = {},
  options: { readonly host: string; readonly port: number } = { host: '127.0.0.1', port: 0 },
): TestWeb {
  const clock = change.clock ?? createClock();
  const kernel = createKernel(() => clock.now());
  const defects: string[] = [];
  const people: TestPeople = { pairings: [], identities: [] };
  const now = (): number => clock.now();
  const link: TestLink = { offer: null, linked: false, why: notLinked, lastEventAt: null };
  const deps: WebDeps = { ...kernelDeps({ kernel, people, link, defects }, now), clock, ...change };
  const web = createWeb(deps, options);
  return {
    kernel,
    people,
    link,
    web,
    deps,
    defects,
    request: (path, { auth = true, ...init } = {}) => {
      const headers = new Headers(init.headers);
      if (auth && !headers.has('authorization')) headers.set('authorization', `Bearer ${testToken}`);
      return web.app.fetch(new Request(`http://localhost:4180${path}`, { ...init, headers }));
    },
  };
}

function kernelDeps(
  { kernel, people, link, defects }: Pick<TestWeb, 'kernel' | 'people' | 'link' | 'defects'>,
  now: () => number,
): Omit<WebDeps, 'clock'> {
  const log: LogPort = {
    info: () => undefined,
    warn: () => undefined,
    error: (event, fields) => defects.push(`${event} ${JSON.stringify(fields)}`),
  };
  return {
    ...fakePorts(kernel),
    door: { submit: kernel.submit },
    control: fakeControl({ kernel, people, link }, now),
    state: memoryState(),
    onCommit: (listener) => listen(kernel.commitListeners, listener),
    live: {
      publish: () => undefined,
      subscribe: (listener) => listen(kernel.liveListeners, listener),
      partial: (turn) => kernel.partials.get(turn) ?? '',
      clear: () => undefined,
    },
    hooks: new Map(),
    files: { read: async () => null },
    readiness: () => ({ ready: true, notReady: [] }),
    renderHtml: plainHtml,
    log,
    token: testToken,
    randomToken,
  };
}

type Ports = Pick<WebDeps, 'steps' | 'turns' | 'events' | 'conversations' | 'approvals'>;

function fakePorts(kernel: Kernel): Ports {
  return {
    steps: {
      ofConversation: async (id) => kernel.steps.filter((step) => step.conversation === id),
      latest: async ({ conversation }) => ({
        steps: kernel.steps.filter((step) => step.conversation === conversation),
        complete: true,
      }),
      ofTurn: async (id) => kernel.steps.filter((step) => step.turn === id),
      since: async ({ seq, conversation, limit }) =>
        kernel.steps
          .filter((step) => step.seq > seq && (conversation === null || step.conversation === conversation))
          .slice(0, limit),
      get: async (seq) => kernel.steps[seq - 1] ?? null,
      lastSeq: async () => kernel.steps.length,
    },
    turns: {
      get: async (id) => kernel.turns.get(id) ?? null,
      eventsOf: async (id) => [...kernel.events.values()].filter((event) => event.turn === id),
    },
    events: { get: async (id) => kernel.events.get(id) ?? null },
    conversations: {
      get: async (id) => kernel.conversations.get(id) ?? null,
      list: async ({ limit }) => [...kernel.conversations.values()].reverse().slice(0, limit),
    },
    approvals: {
      get: async (id) => kernel.approvals.get(id) ?? null,
      list: async ({ status, chat }) =>
        [...kernel.approvals.values()].filter(
          (each) => (status === null || each.status === status) && (chat === null || each.chat === chat),
        ),
    },
  };
}

function memoryState(): Pick<WebDeps['state'], 'get' | 'set'> {
  const rows = new Map<string, string>();
  return {
    get: async ({ scope, key }) => rows.get(`${scope} ${key}`) ?? null,
    set: async ({ scope, key, value }) => {
      if (value === null) rows.delete(`${scope} ${key}`);
      else rows.set(`${scope} ${key}`, value);
    },
  };
}

function listen<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Paragraphs, bold and fences: enough Markdown to see that what is shown went through the renderer. */
function plainHtml(markdown: string): string {
  const escaped = markdown.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return escaped
    .split(/\n\n+/)
    .map((block) => {
      const fence = /^```\w*\n([\s\S]*?)\n?```$/.exec(block);
      if (fence !== null) return `<pre><code>${fence[1]}</code></pre>`;
      if (block.startsWith('- ')) return `<ul>${block.replace(/^- (.*)$/gm, '<li>$1</li>')}</ul>`;
      return `<p>${block.replace(/\*\*(.+?)\*\*/g, '<strong>$1</strong>').replace(/`(.+?)`/g, '<code>$1</code>')}</p>`;
    })
    .join('');
}

/** Some commands of the surface, each in the shape it has there. */
type Commands = {
  readonly [K in ControlName]?: (input: ControlSurface[K]['input']) => Promise<ControlSurface[K]['output']>;
};

function fakeControl(
  { kernel, people, link }: Pick<TestWeb, 'kernel' | 'people' | 'link'>,
  now: () => number,
): ControlPort {
  const commands = {
    status: async () => statusOf(kernel, link),
    'channels.list': async () => statusOf(kernel, link).channels,
    ...fakeLinkCommands(link),
    'turns.list': async (input: ControlSurface['turns.list']['input']) =>
      [...kernel.turns.values()].filter(
        (turn) =>
          (input.status === null || turn.status === input.status) &&
          (input.conversation === null || turn.conversation === input.conversation),
      ),
    'approvals.list': async (input: ControlSurface['approvals.list']['input']) =>
      [...kernel.approvals.values()].filter((each) => input.status === null || each.status === input.status),
    'approvals.decide': async (input: ControlSurface['approvals.decide']['input']) => decide(kernel, input),
    ...fakePeopleCommands(people, now),
  } satisfies Commands;
  const run = async (name: string, input: unknown): Promise<unknown> => {
    const command: unknown = Object.hasOwn(commands, name) ? Reflect.get(commands, name) : undefined;
    if (typeof command !== 'function') throw new TiroError('not-found', `There is no command ${name}.`);
    return command(input);
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the answer's type hangs on a name known only at run time; `Commands` checks each command that the fake has, and any other name is rejected
  return { run: run as ControlPort['run'], runUntrusted: run };
}

function decide(
  kernel: Kernel,
  input: ControlSurface['approvals.decide']['input'],
): ControlSurface['approvals.decide']['output'] {
  const approval = kernel.approvals.get(input.id);
  if (approval === undefined) throw new TiroError('not-found', 'There is no such approval.');
  if (approval.status !== 'pending') throw new TiroError('conflict', `It is ${approval.status} already.`);
  const status = input.decision === 'once' ? ('approved' as const) : ('denied' as const);
  const decided = { ...approval, status, decidedBy: 'owner', reason: input.reason };
  kernel.approvals.set(input.id, decided);
  const { tool, arguments: args, hash } = approval.plan;
  const { callId, conversation } = approval;
  const plan = { callId, tool, arguments: args, planHash: hash };
  const { id, reason } = input;
  kernel.say(conversation, {
    kind: 'decision',
    approval: id,
    decision: status,
    by: 'owner',
    reason,
    ...plan,
  });
  return decided;
}

function statusOf(kernel: Kernel, link: TestLink): StatusReport {
  const count = (status: string): number =>
    [...kernel.turns.values()].filter((turn) => turn.status === status).length;
  return {
    version: '0.1.0',
    home: '/home/ann/.tiro',
    epoch: 3,
    startedAt: 1_795_000_000_000,
    model: 'main/test',
    demo: false,
    ready: false,
    notReady: ['telegram'],
    channels: [
      { name: 'web', state: 'up', why: '', since: 0, lastEventAt: 1_795_000_100_000, changes: 1 },
      {
        name: 'telegram',
        state: 'down',
        why: 'the token was refused',
        since: 0,
        lastEventAt: null,
        changes: 3,
      },
      linkReport(link),
    ],
    events: { queued: 1, running: 0, done: 7, dead: 0, stale: 0, refused: 0, withdrawn: 0 },
    turns: { running: count('running'), parked: 0, done: count('done'), failed: 0, cancelled: 0, dead: 0 },
    outbox: { queued: 2, sending: 0, sent: 9, dead: 1, cancelled: 0 },
    pendingApprovals: [...kernel.approvals.values()].filter((each) => each.status === 'pending').length,
    spentTodayUsd: 0.42,
    rssBytes: 88 * 1024 * 1024,
    eventLoopP99Ms: 1.7,
  };
}
