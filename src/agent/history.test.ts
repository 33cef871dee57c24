import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Step } from '#core/step.ts';
import { input, reply } from '#test/agent/steps.ts';
import { createAgentWorld } from '#test/agent/world.ts';
import { says } from '#test/fakes/scripted-model.ts';
import { cutHistory } from './history.ts';

/** Turns of one conversation, each an input and replies; other conversations take the seqs between. */
function turnsOf(sizes: readonly number[], gap = 1): readonly Step[] {
  let seq = 0;
  return sizes.flatMap((size, turn) =>
    Array.from({ length: size }, (_, index): Step => {
      seq += gap;
      const body = index === 0 ? input(`question ${turn}`) : reply(`answer ${turn}`);
      return { seq, conversation: 'cnv_1', turn: `trn_${turn}`, at: 0, body };
    }),
  );
}

const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 60 });

test('what is kept begins with a turn, ends with the newest step, and holds all of the running turn', () => {
  fc.assert(
    fc.property(sizes, fc.nat(300), fc.nat(59), (turns, from, running) => {
      const all = turnsOf(turns);
      const last = all.at(-1);
      const turn = `trn_${Math.min(running, turns.length - 1)}` as const;
      const own = all.findIndex((step) => step.turn === turn);
      const seen = all.slice(Math.min(from, own));
      const kept = cutHistory(seen, turn);
      expect(kept.at(-1)).toBe(last);
      expect(kept.filter((step) => step.turn === turn)).toEqual(all.filter((step) => step.turn === turn));
      expect(kept[0]?.body.kind).toBe('input');
    }),
  );
});

test('the beginning stays for many turns, and at least half of what could be seen is kept nearly always', () => {
  const all = turnsOf(
    Array.from({ length: 3_000 }, () => 2),
    3,
  );
  const visible = 400;
  const begins = new Set<number>();
  for (let end = 2_002; end <= all.length; end += 2) {
    const seen = all.slice(end - visible, end);
    const kept = cutHistory(seen, seen.at(-1)?.turn ?? 'trn_0');
    expect(kept.length).toBeGreaterThanOrEqual(visible / 2 - 2);
    begins.add(kept[0]?.seq ?? 0);
  }
  // 2,000 turns moved through a window of 200 of them.
  expect(begins.size).toBeLessThan(45);
});

test('a conversation of any length costs a turn a window of it, and the model is told that there was more', async () => {
  const read: number[] = [];
  const world = await createAgentWorld({
    scenes: Array.from({ length: 60 }, (_, n) => says(`answer ${n}`)),
    model: { contextTokens: 2_000 },
    store: (store) => ({
      ...store,
      steps: {
        ...store.steps,
        latest: async (input) => {
          const latest = await store.steps.latest(input);
          read.push(latest.steps.length);
          return latest;
        },
      },
    }),
  });
  for (let n = 0; n < 60; n += 1) await world.ask(`question ${n} ${'x'.repeat(300)}`);
  expect(read.length).toBe(60);
  expect(Math.max(...read)).toBeLessThan(40);
  const text = JSON.stringify(world.model.requests.at(-1));
  expect(text).toContain('Earlier messages of this conversation are left out here.');
  expect(text).toContain('question 59');
  expect(text).not.toContain('question 9 ');
});
