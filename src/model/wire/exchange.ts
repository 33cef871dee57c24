import type { ClockPort } from '#core/ports/clock.ts';
import type { ModelError, ModelRequest } from '#core/ports/model.ts';
import type { Target } from '../catalogue/names.ts';
import type { ModelLimits } from '../limits.ts';
import type { ProviderSettings } from '../settings.ts';
import { bodyOf } from './body.ts';
import { type PictureBook, type Pictures, type ReadPicture, createPictureBook } from './pictures.ts';
import { type Client, type ClientFor, type Fetch, createClients } from './client.ts';
import { type Guard, createGuard } from './guard.ts';
import { classify } from './refusal/classify.ts';
import { factsOf } from './refusal/facts.ts';
import { type HabitBook, createHabitBook } from './refusal/habits.ts';
import { redactorFor } from './refusal/secrets.ts';
import { type Assembled, createAssembly } from './reply/assembly.ts';
import { parseChunk } from './reply/chunk.ts';
import { watch } from './watch.ts';

export type Exchanged =
  | { readonly kind: 'reply'; readonly reply: Extract<Assembled, { kind: 'reply' }> }
  | {
      readonly kind: 'failed';
      readonly error: ModelError;
      /** An answer came that could not be used; it may be billed. */
      readonly spoiled: boolean;
      /** The server refused a parameter that the next call will ask differently: call again at once. */
      readonly again: boolean;
    };

export interface Question {
  readonly target: Target;
  readonly endpoint: ProviderSettings;
  readonly request: ModelRequest;
  readonly onDelta: (text: string) => void;
  readonly signal: AbortSignal;
}

/** One call to a server. Contract: throws only defects; what the server or the network does is a value. */
export type Exchange = (question: Question) => Promise<Exchanged>;

/** One call under way. */
interface Line {
  readonly question: Question;
  readonly guard: Guard;
  readonly client: Client;
  readonly pictures: Pictures;
}

/** What was learned of servers. */
interface Books {
  readonly habits: HabitBook;
  readonly pictures: PictureBook;
}

/** body → POST → server-sent events → chunks → assembly → reply. */
export function createExchange(deps: {
  readonly clock: ClockPort;
  readonly fetch: Fetch | undefined;
  readonly limits: ModelLimits;
  /** Absent: there are no pictures to show. */
  readonly picture?: ReadPicture | undefined;
}): Exchange {
  const { clock, limits } = deps;
  const clientFor: ClientFor = createClients(deps.fetch);
  const books = { habits: createHabitBook(), pictures: createPictureBook(deps.picture) };
  return async (question) => {
    const { target, endpoint, signal } = question;
    // Before the guard: the first call loads the SDK, and that is no silence of the server's.
    const client = await clientFor(target.provider, endpoint);
    const pictures = await books.pictures.show(question.request, target);
    const idleMs = target.preset?.local === true ? limits.localIdleMs : limits.idleMs;
    const bounds = { idleMs, totalMs: limits.totalMs, bytes: limits.streamBytes };
    const guard = createGuard(clock, bounds, signal);
    try {
      return await converse({ question, guard, client, pictures }, books, clock);
    } finally {
      guard.release();
    }
  };
}

async function converse(line: Line, books: Books, clock: ClockPort): Promise<Exchanged> {
  const { target, request } = line.question;
  const { pictures } = line;
  const posted = await post(line, bodyOf(request, target, { habits: books.habits.of(target), pictures }));
  if ('thrown' in posted) {
    const facts = factsOf(posted.thrown, clock.now());
    const refusal = refusalOf(line, posted.thrown, clock.now());
    // Nothing had come: there is no answer that was spoiled, however long the silence was.
    const again = books.pictures.learn(target, pictures, facts) || books.habits.learn(target, facts);
    return refusal.kind === 'failed' ? { ...refusal, spoiled: false, again } : refusal;
  }
  const read = await readAll(line, posted.response, clock);
  if (!('thrown' in read)) return read;
  const refusal = refusalOf(line, read.thrown, clock.now());
  return refusal.kind === 'failed' ? { ...refusal, spoiled: true } : refusal;
}

async function post(
  { client, guard }: Line,
  body: ReturnType<typeof bodyOf>,
): Promise<{ readonly response: Response } | { readonly thrown: unknown }> {
  try {
    const sent = client.openai.chat.completions.create(body, { signal: guard.controller.signal });
    const response = await sent.asResponse();
    guard.beat(0);
    return { response };
  } catch (thrown) {
    return { thrown };
  }
}

async function readAll(
  line: Line,
  response: Response,
  clock: ClockPort,
): Promise<Exchanged | { readonly thrown: unknown }> {
  const { guard, question, client } = line;
  const { request, target } = question;
  const watched = watch(clock, response, (bytes) => guard.beat(bytes));
  const stream = client.Stream.fromSSEResponse<unknown>(watched.response, guard.controller, client.openai);
  const chunks = stream[Symbol.asyncIterator]();
  const assembly = createAssembly(callIdsOf(request));
  const mostChars = 2 * Math.min(request.maxOutputTokens, target.maxOutput) * 4;
  for (;;) {
    const next = await nextOf(chunks);
    if (next.kind === 'thrown') return next;
    if (next.kind === 'end') break;
    const chunk = parseChunk(next.value);
    if (chunk === null) {
      guard.controller.abort();
      return nonsense(target);
    }
    const text = assembly.add(chunk);
    if (text !== '') question.onDelta(text);
    if (assembly.chars() > mostChars) {
      guard.controller.abort();
      return outcomeOf(assembly.finish('cut'), target);
    }
  }
  if (guard.cutBy() !== null) return cutOf(line);
  return outcomeOf(assembly.finish(watched.sawDone() ? 'ended' : 'closed'), target);
}

type Next =
  | { readonly kind: 'chunk'; readonly value: unknown }
  | { readonly kind: 'end' }
  | { readonly kind: 'thrown'; readonly thrown: unknown };

/** Only the wire is inside the try: what the caller's hooks throw is theirs and passes through. */
async function nextOf(chunks: AsyncIterator<unknown>): Promise<Next> {
  try {
    const next = await chunks.next();
    return next.done === true ? { kind: 'end' } : { kind: 'chunk', value: next.value };
  } catch (thrown) {
    return { kind: 'thrown', thrown };
  }
}

function refusalOf(line: Line, thrown: unknown, now: number): Exchanged {
  const { target, endpoint } = line.question;
  if (line.guard.cutBy() !== null) return cutOf(line);
  // The SDK's word for an event that is no JSON.
  if (thrown instanceof SyntaxError) return nonsense(target);
  return failed(classify(factsOf(thrown, now), target.label, redactorFor(endpoint)), false);
}

function outcomeOf(assembled: Assembled, { label }: Target): Exchanged {
  switch (assembled.kind) {
    case 'reply':
      return { kind: 'reply', reply: assembled };
    case 'refused':
      return failed(plain('refused', `${label} refused to answer this.`), true);
    case 'broken':
      return failed(plain('transient', `${label} gave no usable answer: ${assembled.why}.`), true);
  }
}

function nonsense({ label }: Target): Exchanged {
  return failed(plain('transient', `${label} gave no usable answer: it was malformed.`), true);
}

function cutOf({ guard, question }: Line): Exchanged {
  const label = question.target.label;
  switch (guard.cutBy()) {
    case 'idle':
      return failed(plain('transient', `${label} fell silent.`), true);
    case 'total':
      return failed(plain('transient', `${label} took too long to answer.`), true);
    case 'size':
      return failed(plain('transient', `${label} sent far too much.`), true);
    case 'caller':
    case null:
      return failed(plain('cancelled', 'The request was cancelled.'), false);
  }
}

function failed(error: ModelError, spoiled: boolean): Exchanged {
  return { kind: 'failed', error, spoiled, again: false };
}

function plain(type: ModelError['type'], reason: string): ModelError {
  return { type, reason, retryAfterMs: null };
}

function callIdsOf(request: ModelRequest): readonly string[] {
  return request.messages.flatMap((message) =>
    message.role === 'assistant' ? message.toolCalls.map((call) => call.id) : [],
  );
}
