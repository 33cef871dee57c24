import type { ServerResponse } from 'node:http';
import { Refusal } from './chats.ts';
import { answer, type Params } from './wire.ts';

export type RefusalParts = readonly [code: number, description: string, parameters?: Params];

export type Trouble = 'rate-limited' | 'server-error' | 'hang';

export type Fault =
  | { readonly type: 'refuse'; readonly refusal: RefusalParts }
  | { readonly type: 'drop' }
  | { readonly type: 'hang' }
  | { readonly type: 'raw'; readonly status: number; readonly body: string };

/** What goes wrong with calls: once each, or with everything that shows something for as long as it lasts. */
export interface Faults {
  /** The next call of this method is refused, and nothing is done. */
  failNext(method: string, ...refusal: RefusalParts): void;
  /** The next call of this method is done, then the connection is cut before the answer. */
  dropAnswer(method: string): void;
  /** The next call of this method is neither done nor answered. */
  hang(method: string): void;
  /** The next call of this method gets this body and status as they are: a proxy's page, say. */
  answerWith(method: string, status: number, body: string): void;
  /** From now on every call that would show something meets this. Calls that hang are cut off when it ends. */
  trouble(kind: Trouble | null): void;
}

/** The methods after which somebody would see something. */
export const showingMethods: ReadonlySet<string> = new Set([
  'sendMessage',
  'sendRichMessage',
  'sendMessageDraft',
  'sendPhoto',
  'sendDocument',
  'editMessageText',
]);

const faultOf = {
  'rate-limited': {
    type: 'refuse',
    refusal: [429, 'Too Many Requests: retry after 3', { retry_after: 3 }],
  },
  'server-error': { type: 'refuse', refusal: [500, 'Internal Server Error: restart'] },
  hang: { type: 'hang' },
} as const satisfies Record<Trouble, Fault>;

export function createFaults(): Faults & {
  /** What this call meets. */
  readonly take: (method: string) => Fault | null;
  /** True: the answer is given, or held back. */
  readonly apply: (fault: Fault | null, response: ServerResponse) => boolean;
} {
  const once: { readonly method: string; readonly fault: Fault }[] = [];
  const held = new Set<ServerResponse>();
  let lasting: Trouble | null = null;
  const next = (method: string, fault: Fault): void => void once.push({ method, fault });

  return {
    failNext: (method, ...refusal) => next(method, { type: 'refuse', refusal }),
    dropAnswer: (method) => next(method, { type: 'drop' }),
    hang: (method) => next(method, { type: 'hang' }),
    answerWith: (method, status, body) => next(method, { type: 'raw', status, body }),
    trouble: (kind) => {
      lasting = kind;
      for (const response of held) response.destroy();
      held.clear();
    },
    take: (method) => {
      const index = once.findIndex((entry) => entry.method === method);
      const [entry] = index < 0 ? [] : once.splice(index, 1);
      if (entry !== undefined) return entry.fault;
      return lasting !== null && showingMethods.has(method) ? faultOf[lasting] : null;
    },
    apply: (fault, response) => {
      if (fault === null || fault.type === 'drop') return false;
      if (fault.type === 'hang') {
        if (lasting === 'hang') held.add(response);
      } else if (fault.type === 'raw') {
        response.writeHead(fault.status, { 'content-type': 'text/html' }).end(fault.body);
      } else {
        const [code, description, parameters] = fault.refusal;
        refuse(response, new Refusal(code, description), parameters);
      }
      return true;
    },
  };
}

export function refuse(response: ServerResponse, refusal: Refusal, parameters?: Params): void {
  const body = { ok: false, error_code: refusal.code, description: refusal.message, parameters };
  answer(response, refusal.code, body);
}
