/**
 * How far each of many places was read: the newest that is stored of it. The places heard last come last, and only so many
 * are kept.
 */
export type Places = ReadonlyMap<string, string>;

export function placesIn(text: string | null): Places {
  const entries = (text ?? '').split(' ').map((entry) => entry.split('=', 2));
  return new Map(entries.flatMap(([place, at]) => (place && at ? [[place, at] as const] : [])));
}

/** Contract: neither places nor times hold a space or `=`. */
export function placesText(places: Places): string {
  return [...places].map(([place, at]) => `${place}=${at}`).join(' ');
}

/** `isLater` compares two times of the platform. What is older than what is known changes nothing. */
export function withPlaces(
  places: Places,
  seen: readonly { readonly place: string; readonly at: string }[],
  { most, isLater }: { readonly most: number; readonly isLater: (at: string, known: string) => boolean },
): Places {
  const next = new Map(places);
  for (const { place, at } of seen) {
    const known = next.get(place);
    if (known !== undefined && !isLater(at, known)) continue;
    next.delete(place);
    next.set(place, at);
  }
  return new Map([...next].slice(-most));
}
