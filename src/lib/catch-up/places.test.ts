import { expect, test } from 'vitest';
import { placesIn, placesText, withPlaces } from './places.ts';

const how = { most: 2, isLater: (at: string, known: string) => Number(at) > Number(known) };

test('the newest of each place is kept, and of many places the newest', () => {
  const first = withPlaces(
    new Map(),
    [
      { place: 'a', at: '5' },
      { place: 'b', at: '6' },
    ],
    how,
  );
  expect(placesText(withPlaces(first, [{ place: 'a', at: '4' }], how))).toBe('a=5 b=6');
  expect(placesText(withPlaces(first, [{ place: 'a', at: '7' }], how))).toBe('b=6 a=7');
  expect(placesText(withPlaces(first, [{ place: 'c', at: '1' }], how))).toBe('b=6 c=1');
});

test('the text comes back as it was, and nothing comes of no text', () => {
  const places = new Map([
    ['C1', '17.5'],
    ['C1/16.2', '18.1'],
  ]);
  expect(placesIn(placesText(places))).toEqual(places);
  expect([placesIn(null).size, placesIn('').size, placesIn('x').size]).toEqual([0, 0, 0]);
});
