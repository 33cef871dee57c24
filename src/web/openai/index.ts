import { type Context, Hono } from 'hono';
import { messageOf } from '#core/errors.ts';
import type { Submitted } from '#core/ports/door.ts';
import type { WebDeps, WebEnv } from '../deps.ts';
import { type Outlet, createOutlet } from '../feed/outlet.ts';
import { sseHeaders, toSse } from '../feed/sse.ts';
import { idempotencyKey, mebibyte, readJson } from '../http/body.ts';
import { type Problem, defectProblem } from '../http/problem.ts';
import type { Answer } from './answer.ts';
import { type CompletionRequest, parseCompletion } from './request.ts';
import { createGrowingText } from './growing-text.ts';
import { submitCompletion } from './submit.ts';
import { type AnswerWatch, watchAnswer } from './watch.ts';
import {
  type CompletionHead,
  chunkBody,
  completionBody,
  modelBody,
  openaiErrorBody,
  usageChunkBody,
} from './wire.ts';

/** The history comes along with every request, so it may be larger than one message. */
const bodyLimitBytes = 8 * mebibyte;
const heartbeatMs = 15_000;
/** A whole answer fits: a slow reader is cut off only when it does not read at all. */
const streamLimits = { maxBytes: 8 * mebibyte, maxEvents: 100_000 };

type Stored = Extract<Submitted, { ok: true }>;

/** OpenAI's API over the one kernel: a request is a message, its answer the turn's. `stopping` ends who waits. */
export function openaiRoutes(deps: WebDeps, stopping: AbortSignal): Hono<WebEnv> {
  const app = new Hono<WebEnv>();
  const startedAt = Math.floor(deps.clock.now() / 1000);

  app.get('/models', (c) => c.json({ object: 'list', data: [modelBody('tiro', startedAt)] }));
  app.get('/models/:id', (c) => c.json(modelBody(c.req.param('id'), startedAt)));

  app.post('/chat/completions', async (c) => {
    const request = parseCompletion(await readJson(c.req.raw, bodyLimitBytes), {
      conversation: c.req.header('x-tiro-conversation') || null,
      key: idempotencyKey(c.req.raw),
      now: deps.clock.now(),
    });
    const watch = watchAnswer(deps);
    try {
      const stored = await submitCompletion(deps, request.submission, c.req.header('x-tiro-conversation'));
      const head: CompletionHead = {
        id: `chatcmpl-${stored.event}`,
        model: request.model,
        created: Math.floor(deps.clock.now() / 1000),
      };
      c.header('x-tiro-conversation-id', stored.conversation);
      c.header('x-tiro-event-id', stored.event);
      if (request.stream)
        return c.body(stream({ deps, watch, stored, head, request, stopping }), 200, { ...sseHeaders });
      const answer = await watch.follow(stored, () => undefined, stopping);
      watch.close();
      return answer.type === 'answer' ? c.json(completionBody(head, answer)) : refusal(c, answer);
    } catch (error) {
      watch.close();
      throw error;
    }
  });
  return app;
}

interface StreamContext {
  readonly deps: WebDeps;
  readonly watch: AnswerWatch;
  readonly stored: Stored;
  readonly head: CompletionHead;
  readonly request: CompletionRequest;
  readonly stopping: AbortSignal;
}

/** The answer as chunks. The reader may leave at any time: that ends the listening, not the turn. */
function stream(context: StreamContext): ReadableStream<Uint8Array> {
  const { deps, watch, head, stopping } = context;
  const outlet = createOutlet(streamLimits);
  let stopHeartbeat = deps.clock.after(heartbeatMs, beat);
  outlet.ended.addEventListener('abort', () => {
    watch.close();
    stopHeartbeat();
  });
  outlet.push(toSse({ data: chunkBody(head, { role: 'assistant', content: '' }) }));
  run().catch((error: unknown) => {
    deps.log.error('web.defect', { path: '/v1/chat/completions', error: messageOf(error) });
    fail(defectProblem);
  });
  return outlet.stream;

  async function run(): Promise<void> {
    const text = createGrowingText((content) => outlet.push(toSse({ data: chunkBody(head, { content }) })));
    const leaving = AbortSignal.any([stopping, outlet.ended]);
    const answer = await watch.follow(context.stored, text.hear, leaving);
    if (answer.type !== 'answer') return fail(toProblem(answer));
    text.finish(answer);
    finishStream(outlet, context, answer);
  }

  function fail(problem: Problem): void {
    outlet.push(toSse({ data: openaiErrorBody(problem) }));
    outlet.end();
  }

  function beat(): void {
    outlet.push(': alive\n\n');
    stopHeartbeat = deps.clock.after(heartbeatMs, beat);
  }
}

function finishStream(
  outlet: Outlet,
  { head, request }: StreamContext,
  answer: Extract<Answer, { type: 'answer' }>,
): void {
  outlet.push(toSse({ data: chunkBody(head, {}, answer.finish) }));
  if (request.includeUsage) outlet.push(toSse({ data: usageChunkBody(head, answer.usage) }));
  outlet.push('data: [DONE]\n\n');
  outlet.end();
}

function toProblem(answer: Exclude<Answer, { type: 'answer' }>): Problem {
  const message = answer.reason;
  switch (answer.type) {
    case 'refused':
      return { status: 403, code: 'denied', message };
    case 'failed':
      return { status: 500, code: 'dead', message };
    case 'stopping':
      return { status: 503, code: 'unavailable', message };
  }
}

function refusal(c: Context<WebEnv>, answer: Exclude<Answer, { type: 'answer' }>): Response {
  const problem = toProblem(answer);
  return c.json(openaiErrorBody(problem), problem.status);
}
