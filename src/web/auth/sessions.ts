import { z } from 'zod';
import type { ClockPort } from '#core/ports/clock.ts';
import type { StatePort } from '#core/store/state.ts';
import { sha256Hex } from '#lib/hash.ts';

const codeLifeMs = 10 * 60_000;
const sessionLifeMs = 30 * 24 * 3_600_000;
const sessionLimit = 50;
const codeLimit = 20;

const storedSchema = z.record(z.string(), z.number());

/**
 * Who is logged in with a browser. A session is a secret in a cookie, stored as its hash, for 30 days; all of them end
 * when the owner's token changes. A code is good for one login within 10 minutes and lives in memory.
 */
export interface Sessions {
  mintCode(): string;
  /** The secret of a new session, or null: the code is unknown, used or too old. */
  redeem(code: string): Promise<string | null>;
  open(): Promise<string>;
  isOpen(secret: string): Promise<boolean>;
  close(secret: string): Promise<void>;
}

export interface SessionDeps {
  readonly state: Pick<StatePort, 'get' | 'set'>;
  readonly clock: ClockPort;
  readonly randomToken: () => string;
  readonly token: string;
}

export const sessionLifeSeconds: number = sessionLifeMs / 1000;

export function createSessions(deps: SessionDeps): Sessions {
  const { clock, randomToken } = deps;
  const rows = createSessionRows(deps);
  const codes = new Map<string, number>();
  return {
    mintCode,
    redeem,
    open,
    isOpen: (secret) => rows.has(sha256Hex(secret)),
    close: (secret) => rows.remove(sha256Hex(secret)),
  };

  function mintCode(): string {
    const code = randomToken();
    codes.set(sha256Hex(code), clock.elapsed() + codeLifeMs);
    const [oldest] = codes.keys();
    if (codes.size > codeLimit && oldest !== undefined) codes.delete(oldest);
    return code;
  }

  async function redeem(code: string): Promise<string | null> {
    const hash = sha256Hex(code);
    const expiresAt = codes.get(hash);
    codes.delete(hash);
    return expiresAt !== undefined && expiresAt > clock.elapsed() ? open() : null;
  }

  async function open(): Promise<string> {
    const secret = randomToken();
    await rows.add(sha256Hex(secret));
    return secret;
  }
}

interface SessionRows {
  add(hash: string): Promise<void>;
  has(hash: string): Promise<boolean>;
  remove(hash: string): Promise<void>;
}

/** The open sessions by hash with their ends, all in one row of state; read once, then kept in memory. */
function createSessionRows({ state, clock, token }: SessionDeps): SessionRows {
  // Another token, another row: rotating it logs every browser out.
  const row = { scope: 'web', key: `sessions:${sha256Hex(`sessions ${token}`).slice(0, 16)}` };
  const expiryByHash = new Map<string, number>();
  let loading: Promise<void> | null = null;
  let saving: Promise<void> = Promise.resolve();
  return { add, has, remove };

  async function add(hash: string): Promise<void> {
    await load();
    expiryByHash.set(hash, clock.now() + sessionLifeMs);
    await save();
  }

  async function has(hash: string): Promise<boolean> {
    await load();
    return (expiryByHash.get(hash) ?? 0) > clock.now();
  }

  async function remove(hash: string): Promise<void> {
    await load();
    if (expiryByHash.delete(hash)) await save();
  }

  function load(): Promise<void> {
    loading ??= read().catch((error: unknown) => {
      loading = null; // the store may be back for the next request
      throw error;
    });
    return loading;
  }

  async function read(): Promise<void> {
    const text = await state.get(row);
    if (text === null) return;
    for (const [hash, expiresAt] of Object.entries(storedSchema.parse(JSON.parse(text)))) {
      expiryByHash.set(hash, expiresAt);
    }
  }

  /** One after the other, so that the newest set is the one that stays. */
  function save(): Promise<void> {
    saving = saving.then(write, write);
    return saving;
  }

  async function write(): Promise<void> {
    forgetOld(expiryByHash, clock.now());
    await state.set({ ...row, value: JSON.stringify(Object.fromEntries(expiryByHash)) });
  }
}

function forgetOld(expiryByHash: Map<string, number>, now: number): void {
  for (const [hash, expiresAt] of expiryByHash) if (expiresAt <= now) expiryByHash.delete(hash);
  for (const hash of expiryByHash.keys()) {
    if (expiryByHash.size <= sessionLimit) return;
    expiryByHash.delete(hash);
  }
}
