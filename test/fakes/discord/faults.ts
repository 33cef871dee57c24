import type { ServerResponse } from 'node:http';
import type { Json } from './world.ts';

export type Trouble = 'rate-limited' | 'server-error' | 'hang';

export interface Refusal {
  readonly status: number;
  readonly body: Json;
  readonly headers?: Readonly<Record<string, string>>;
}

type Fault =
  | ({ readonly type: 'refuse' } & Refusal)
  | { readonly type: 'drop' | 'hang' }
  | { readonly type: 'raw'; readonly status: number; readonly body: string };

/** What goes wrong with calls; a route reads as in Discord's documents, with `:id`: `POST /channels/:id/messages`. */
export interface Faults {
  /** The next call of this route is refused, and nothing is done. */
  failNext(route: string, refusal: Refusal): void;
  /** The next call of this route is done, then the connection is cut before the answer. */
  dropAnswer(route: string): void;
  /** The next call of this route is neither done nor answered. */
  hang(route: string): void;
  /** The next call of this route gets this body and status as they are: a proxy's page, say. */
  answerWith(route: string, status: number, body: string): void;
  /** From now on every call that would show something meets this. Calls that hang are cut off when it ends. */
  trouble(kind: Trouble | null): void;
}

export const route = {
  send: 'POST /channels/:id/messages',
  edit: 'PATCH /channels/:id/messages/:id',
  history: 'GET /channels/:id/messages',
} as const;

/** The routes after which somebody would see something. */
export const showingRoutes: ReadonlySet<string> = new Set([route.send, route.edit]);

export function rateLimited(seconds: number): Refusal {
  return {
    status: 429,
    body: { message: 'You are being rate limited.', retry_after: seconds, global: false },
    headers: { 'retry-after': String(Math.ceil(seconds)), 'x-ratelimit-scope': 'user' },
  };
}

export function refusal(status: number, code: number, message: string): Refusal {
  return { status, body: { code, message } };
}

const faultOf = {
  'rate-limited': { type: 'refuse', ...rateLimited(1) },
  'server-error': { type: 'refuse', ...refusal(500, 0, '500: Internal Server Error') },
  hang: { type: 'hang' },
} as const satisfies Record<Trouble, Fault>;

export function createFaults(): Faults & {
  /** What this call meets. */
  readonly take: (route: string) => Fault | null;
  /** True: the answer is given, or held back. */
  readonly apply: (fault: Fault | null, response: ServerResponse) => boolean;
} {
  const once: { readonly route: string; readonly fault: Fault }[] = [];
  const held = new Set<ServerResponse>();
  let lasting: Trouble | null = null;
  const next = (route: string, fault: Fault): void => void once.push({ route, fault });

  return {
    failNext: (route, refusal) => next(route, { type: 'refuse', ...refusal }),
    dropAnswer: (route) => next(route, { type: 'drop' }),
    hang: (route) => next(route, { type: 'hang' }),
    answerWith: (route, status, body) => next(route, { type: 'raw', status, body }),
    trouble: (kind) => {
      lasting = kind;
      for (const response of held) response.destroy();
      held.clear();
    },
    take: (route) => {
      const index = once.findIndex((entry) => entry.route === route);
      const [entry] = index < 0 ? [] : once.splice(index, 1);
      if (entry !== undefined) return entry.fault;
      return lasting !== null && showingRoutes.has(route) ? faultOf[lasting] : null;
    },
    apply: (fault, response) => {
      if (fault === null || fault.type === 'drop') return false;
      if (fault.type === 'raw') {
        response.writeHead(fault.status, { 'content-type': 'text/html' }).end(fault.body);
      } else if (fault.type === 'refuse') answer(response, fault);
      else if (lasting === 'hang') held.add(response);
      return true;
    },
  };
}

export function answer(
  response: ServerResponse,
  { status, body, headers }: { status: number; body: unknown; headers?: Readonly<Record<string, string>> },
): void {
  if (response.destroyed) return;
  if (status === 204) {
    response.writeHead(204, headers).end();
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
