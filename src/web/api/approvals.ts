import { Hono } from 'hono';
import { z } from 'zod';
import { TiroError } from '#core/errors.ts';
import type { Approval } from '#core/policy.ts';
import { sha256Hex } from '#lib/hash.ts';
import { type Via, type WebDeps, type WebEnv, type WebOptions, actorOf } from '../deps.ts';
import { idempotencyKey, mebibyte, parseWith, readJson } from '../http/body.ts';
import { keyConflict } from './messages.ts';

const listLimit = 200;

const decisionSchema = z.strictObject({
  decision: z.enum(['once', 'deny'], { error: 'must be one of: once, deny' }),
  reason: z.string().max(2_000).nullish(),
});

interface Decision {
  readonly id: string;
  readonly decision: 'once' | 'deny';
  readonly reason: string | null;
}

type ApprovalDeps = Pick<WebDeps, 'control' | 'approvals' | 'state'>;

/** GET /approvals: what waits for a person. POST /approvals/:id: the owner's answer, given once. */
export function approvalRoutes(deps: ApprovalDeps, options: WebOptions): Hono<WebEnv> {
  const app = new Hono<WebEnv>();

  app.get('/approvals', async (c) => {
    const status = c.req.query('status') === 'all' ? null : 'pending';
    const input = { status, limit: listLimit } as const;
    return c.json(await deps.control.run('approvals.list', input, actorOf(options, c.get('via'))));
  });

  app.post('/approvals/:id', async (c) => {
    const key = idempotencyKey(c.req.raw);
    const body = parseWith(decisionSchema, await readJson(c.req.raw, mebibyte));
    const decision = { id: c.req.param('id'), decision: body.decision, reason: body.reason ?? null };
    if (key === null) return c.json(await decide(decision, c.get('via')));
    await bindKey(key, decision);
    return c.json(await decideAgain(decision, c.get('via')));
  });
  return app;

  function decide(decision: Decision, via: Via): Promise<Approval> {
    return deps.control.run('approvals.decide', decision, actorOf(options, via));
  }

  /** The key is bound to the request before it acts: after a crash the repeat still finds it. */
  async function bindKey(key: string, decision: Decision): Promise<void> {
    const row = { scope: 'web', key: `decision:${sha256Hex(key)}` };
    const print = sha256Hex(JSON.stringify([decision.id, decision.decision, decision.reason]));
    const before = await deps.state.get(row);
    if (before !== null && before !== print) throw keyConflict();
    if (before === null) await deps.state.set({ ...row, value: print });
  }

  /** A repeat of a decision that stands is answered with it; anything else stays a conflict. */
  async function decideAgain(decision: Decision, via: Via): Promise<Approval> {
    try {
      return await decide(decision, via);
    } catch (error) {
      if (!(error instanceof TiroError) || error.code !== 'conflict') throw error;
      const approval = await deps.approvals.get(decision.id);
      const wanted = decision.decision === 'once' ? 'approved' : 'denied';
      if (approval?.status === wanted) return approval;
      throw error;
    }
  }
}
