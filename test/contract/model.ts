import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ModelHooks, ModelPort, ModelRequest, ModelResult } from '#core/ports/model.ts';

export interface ModelUnderTest {
  readonly model: ModelPort;
  teardown(): Promise<void>;
}

export interface ModelContract {
  readonly name: string;
  /** A model that answers text, and calls the tool NAME when the newest message says `call NAME {json}`. */
  readonly setup: () => Promise<ModelUnderTest>;
}

const never = new AbortController().signal;

/** What every implementation of ModelPort keeps, whatever stands behind it. */
export function testModel({ name, setup }: ModelContract): void {
  describe(`model contract: ${name}`, () => {
    let subject: ModelUnderTest;
    beforeEach(async () => {
      subject = await setup();
    });
    afterEach(() => subject.teardown());

    test('an answer is what its deltas were', async () => {
      const seen = recordingHooks();
      const result = await subject.model.call(ask('hello there'), seen.hooks, never);
      expect(result).toMatchObject({ ok: true, reply: { finish: 'stop', toolCalls: [] } });
      expect(seen.deltas.length).toBeGreaterThan(1);
      expect(seen.deltas.join('')).toBe(textOf(result));
      expect(textOf(result)).toContain('hello there');
    });

    test('a tool is called by name with arguments left as text, and its result is reported', async () => {
      const first = await subject.model.call(ask('call lookup {"word": "tiro"}'), hooks(), never);
      expect(first).toMatchObject({
        ok: true,
        reply: { finish: 'tool-calls', toolCalls: [{ name: 'lookup' }] },
      });
      if (!first.ok) return;
      const [call] = first.reply.toolCalls;
      expect(JSON.parse(call?.arguments ?? '')).toEqual({ word: 'tiro' });
      expect(call?.id).not.toBe('');
      const second = await subject.model.call(
        {
          ...ask('call lookup {"word": "tiro"}'),
          messages: [
            ...ask('call lookup {"word": "tiro"}').messages,
            { role: 'assistant', content: first.reply.text, toolCalls: first.reply.toolCalls },
            { role: 'tool', callId: call?.id ?? '', content: 'a freedman of Cicero' },
          ],
        },
        hooks(),
        never,
      );
      expect(second).toMatchObject({ ok: true, reply: { finish: 'stop' } });
      expect(textOf(second)).toContain('a freedman of Cicero');
    });

    test('beforeCall comes before anything else, with the model that answers', async () => {
      const seen = recordingHooks();
      const result = await subject.model.call(ask('hi'), seen.hooks, never);
      expect(seen.order[0]).toBe('beforeCall');
      expect(result.ok && result.reply.model).toBe(seen.called[0]);
      expect(seen.called).toHaveLength(1);
    });

    test('what beforeCall throws ends the request and passes through', async () => {
      const refused = new Error('over budget');
      const calling = subject.model.call(
        ask('hi'),
        { ...hooks(), beforeCall: () => Promise.reject(refused) },
        never,
      );
      await expect(calling).rejects.toBe(refused);
      const after = await subject.model.call(ask('hi'), hooks(), never);
      expect(after.ok).toBe(true);
    });

    test('an aborted request is cancelled and asks nobody', async () => {
      const seen = recordingHooks();
      const result = await subject.model.call(ask('hi'), seen.hooks, AbortSignal.abort());
      expect(result).toMatchObject({ ok: false, error: { type: 'cancelled' } });
      expect(seen.deltas).toEqual([]);
    });

    test('an abort between beforeCall and the call cancels', async () => {
      const controller = new AbortController();
      const aborting = { ...hooks(), beforeCall: () => Promise.resolve(controller.abort()) };
      const result = await subject.model.call(ask('hi'), aborting, controller.signal);
      expect(result).toMatchObject({ ok: false, error: { type: 'cancelled' } });
    });

    test('many requests at once are all answered, each with its own text', async () => {
      const words = Array.from({ length: 40 }, (_, i) => `word-${i}-end`);
      const results = await Promise.all(
        words.map((word, i) => subject.model.call({ ...ask(word), person: `p${i % 5}` }, hooks(), never)),
      );
      for (const [i, result] of results.entries()) expect(textOf(result)).toContain(words[i]);
    });

    test('equal requests have equal estimates, and a longer one a higher', () => {
      const short = subject.model.estimate(ask('hi'));
      expect(subject.model.estimate(ask('hi'))).toEqual(short);
      expect(subject.model.estimate(ask('hi '.repeat(500))).promptTokens).toBeGreaterThan(short.promptTokens);
      expect(short.maxOutputTokens).toBeLessThanOrEqual(ask('hi').maxOutputTokens);
      expect(short.contextTokens).toBeGreaterThan(1_000);
      expect(short.upperUsd).toBeGreaterThanOrEqual(0);
    });

    test('usage is counted and the cost stays below the estimate', async () => {
      const upper = subject.model.estimate(ask('hi')).upperUsd;
      const result = await subject.model.call(ask('hi'), hooks(), never);
      expect(result).toMatchObject({ ok: true, reply: { usage: { promptTokens: expect.any(Number) } } });
      if (result.ok) expect(result.reply.costUsd).toBeLessThanOrEqual(upper ?? 0);
    });

    test('the model that answers by default is the first of the names', async () => {
      const result = await subject.model.call(ask('hi'), hooks(), never);
      expect(subject.model.names()[0]).toBe(result.ok ? result.reply.model : null);
    });
  });
}

/** A request with one tool, `lookup`. */
export function ask(text: string): ModelRequest {
  return {
    model: null,
    messages: [
      { role: 'system', content: 'You are Tiro.' },
      { role: 'user', content: text },
    ],
    tools: [
      {
        name: 'lookup',
        description: 'Looks a word up.',
        parameters: { type: 'object', properties: { word: { type: 'string' } }, required: ['word'] },
      },
    ],
    maxOutputTokens: 1_000,
    person: 'ann',
    lane: 'interactive',
    deadlineAt: Date.now() + 60_000,
  };
}

export function hooks(): ModelHooks {
  return { beforeCall: () => Promise.resolve(), onDelta: () => {}, onRestart: () => {}, onWaiting: () => {} };
}

export interface RecordedHooks {
  readonly hooks: ModelHooks;
  readonly order: string[];
  readonly called: string[];
  readonly deltas: string[];
  readonly waits: { readonly reason: string; readonly nextAt: number }[];
}

/** Hooks that write down what happened, in order. */
export function recordingHooks(): RecordedHooks {
  const recorded = { order: [], called: [], deltas: [], waits: [] } satisfies Omit<RecordedHooks, 'hooks'>;
  const { order, called, deltas, waits }: Omit<RecordedHooks, 'hooks'> = recorded;
  return {
    order,
    called,
    deltas,
    waits,
    hooks: {
      beforeCall: (model) => {
        order.push('beforeCall');
        called.push(model);
        return Promise.resolve();
      },
      onDelta: (text) => {
        if (order.at(-1) !== 'delta') order.push('delta');
        deltas.push(text);
      },
      onRestart: () => {
        order.push('restart');
        deltas.length = 0;
      },
      onWaiting: (reason, nextAt) => {
        order.push('waiting');
        waits.push({ reason, nextAt });
      },
    },
  };
}

export function textOf(result: ModelResult): string {
  return result.ok ? result.reply.text : `failed: ${result.error.reason}`;
}
