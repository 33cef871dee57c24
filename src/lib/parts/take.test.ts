import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Part, type Parts, type Whole, endWholes, takeParts } from './take.ts';

const nothing: Parts<string> = { open: [], done: [] };
const most = 10;

function part(order: number, key: string | null = 'A', place = 'here'): Part<string> {
  return { key, place, order, value: `${key ?? 'alone'}${order}` };
}

function valuesOf(out: readonly Whole<string>[]): readonly (readonly string[])[] {
  return out.map(({ values }) => values);
}

test('parts wait, and come out as one in their order', () => {
  const { parts, out } = takeParts(nothing, [part(2), part(1), part(3)], most);
  expect(out).toEqual([]);
  expect(valuesOf(endWholes(parts, () => true).out)).toEqual([['A1', 'A2', 'A3']]);
});

test('what is newer in the same place ends a whole and comes behind it; elsewhere, or older, it does not', () => {
  const { out } = takeParts(nothing, [part(1), part(9, null, 'there'), part(2), part(3, null)], most);
  expect(valuesOf(out)).toEqual([['alone9'], ['A1', 'A2'], ['alone3']]);
  expect(valuesOf(takeParts(nothing, [part(5), part(4, null)], most).out)).toEqual([['alone4']]);
});

test('a whole with all the parts it can have comes out at once', () => {
  const all = Array.from({ length: most }, (_, index) => part(index + 1));
  expect(takeParts(nothing, all, most).out).toHaveLength(1);
});

test('parts that come after their whole come out as a late one, once', () => {
  const first = endWholes(takeParts(nothing, [part(1), part(2)], most).parts, () => true);
  expect(first.out).toMatchObject([{ key: 'A', isLate: false }]);
  const again = takeParts(first.parts, [part(2), part(3), part(1)], most);
  const late = endWholes(again.parts, () => true);
  expect(late.out).toEqual([{ key: 'A', isLate: true, values: ['A3'] }]);
  expect(takeParts(late.parts, [part(1), part(2), part(3)], most)).toEqual({ parts: late.parts, out: [] });
});

test('only the newest wholes are remembered', () => {
  let parts = nothing;
  for (let n = 1; n <= 30; n += 1) parts = takeParts(parts, [part(n, `K${n}`)], most).parts;
  expect(parts.open).toHaveLength(1);
  expect(parts.done.map(({ key }) => key)).toEqual(Array.from({ length: 20 }, (_, n) => `K${n + 10}`));
});

/** Three places with wholes and single things between them, in the order in which a platform sends them. */
const said: fc.Arbitrary<readonly Part<string>[]> = fc
  .array(fc.record({ size: fc.integer({ min: 1, max: most }), place: fc.constantFrom('x', 'y', 'z') }), {
    maxLength: 8,
  })
  .map((wholes) => {
    let order = 0;
    return wholes.flatMap(({ size, place }, n) =>
      Array.from({ length: size }, () => {
        order += 1;
        return part(order, size === 1 ? null : `W${n}`, place);
      }),
    );
  });

test('in whatever split, with whatever comes again, a crash at any point: each part comes out once, wholes stay whole', () => {
  const cut = fc.record({ at: fc.nat(), back: fc.nat(12), dies: fc.boolean() });
  fc.assert(
    fc.property(said, fc.array(cut, { maxLength: 12 }), (parts, cuts) => {
      const seen: Whole<string>[] = [];
      let state = nothing;
      let done = 0;
      for (const { at, back, dies } of [...cuts, { at: parts.length, back: 0, dies: false }]) {
        const upTo = Math.min(parts.length, done + (at % (parts.length + 1)));
        // Of what was taken some comes again before the new.
        const taken = takeParts(state, parts.slice(Math.max(0, done - back), upTo), most);
        if (dies) continue; // nothing was stored: it all comes again
        // Single things are told apart by their ids behind this.
        seen.push(...taken.out.filter(({ values }) => !isSeen(seen, values)));
        state = roundTrip(taken.parts);
        done = upTo;
      }
      seen.push(
        ...takeParts(state, parts.slice(done), most).out.filter(({ values }) => !isSeen(seen, values)),
      );
      seen.push(...endWholes(takeParts(state, parts.slice(done), most).parts, () => true).out);
      expect(seen.flatMap(({ values }) => values).sort()).toEqual(parts.map(({ value }) => value).sort());
      const keys = seen.flatMap(({ key }) => (key === null ? [] : [key]));
      expect(new Set(keys).size).toBe(keys.length);
    }),
    { numRuns: 500 },
  );
});

test('with an end at any point no part is lost or comes out twice', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.boolean())), (steps) => {
      let state = nothing;
      const seen: string[] = [];
      for (const [order, isQuiet] of steps) {
        const taken = takeParts(state, [part(order)], most);
        const ended = endWholes(taken.parts, () => isQuiet);
        seen.push(...[...taken.out, ...ended.out].flatMap(({ values }) => values));
        state = roundTrip(ended.parts);
      }
      seen.push(...endWholes(state, () => true).out.flatMap(({ values }) => values));
      expect(seen.sort()).toEqual([...new Set(steps.map(([order]) => `A${order}`))].sort());
    }),
  );
});

function isSeen(seen: readonly Whole<string>[], values: readonly string[]): boolean {
  return values.every((value) => seen.some((whole) => whole.values.includes(value)));
}

function roundTrip(state: Parts<string>): Parts<string> {
  return JSON.parse(JSON.stringify(state));
}
