/** One thing that came in: alone (`key` null), or a part of a whole that comes in several pieces. */
export interface Part<T> {
  /** The same for all parts of a whole. */
  readonly key: string | null;
  /** Where it was said: what is newer there ends a whole that is open. */
  readonly place: string;
  /** Its number in that place, ever higher; no two parts of a whole share one. Null: newer than everything before it. */
  readonly order: number | null;
  readonly value: T;
}

/** What is known of wholes, as plain data: whoever stores it together with what comes out loses nothing by a crash. */
export interface Parts<T> {
  /** Those that may not be complete, each with its parts in order. */
  readonly open: readonly {
    readonly key: string;
    readonly place: string;
    readonly parts: readonly { readonly order: number; readonly value: T }[];
  }[];
  /** Of the newest that came out: the numbers of their parts. */
  readonly done: readonly { readonly key: string; readonly orders: readonly number[] }[];
}

/** What goes on: a single thing, or a whole. `isLate`: parts of it came out before, under the same key. */
export interface Whole<T> {
  readonly key: string | null;
  readonly isLate: boolean;
  readonly values: readonly T[];
}

export interface Taken<T> {
  readonly parts: Parts<T>;
  readonly out: readonly Whole<T>[];
}

type Open<T> = Parts<T>['open'][number];

const keptDone = 20;

/**
 * Takes what came in: single things go on at once, parts wait for the rest. A whole comes out when it has `most` parts, or
 * before something newer of its place; else whoever calls this decides with `endWholes` when it was quiet for long enough.
 * Parts that come again change nothing, in whatever split.
 */
export function takeParts<T>(known: Parts<T>, heard: readonly Part<T>[], most: number): Taken<T> {
  let parts = known;
  const out: Whole<T>[] = [];
  const end = (which: (whole: Open<T>) => boolean): void => {
    const ended = endWholes(parts, which);
    parts = ended.parts;
    out.push(...ended.out);
  };
  for (const part of heard) {
    end((whole) => isEndedBy(whole, part));
    if (part.key === null) out.push({ key: null, isLate: false, values: [part.value] });
    else if (!isKnown(parts, part)) parts = { ...parts, open: withPart(parts.open, part) };
    end((whole) => whole.parts.length >= most);
  }
  return { parts, out };
}

/** Lets these come out as they stand. */
export function endWholes<T>(parts: Parts<T>, which: (whole: Open<T>) => boolean): Taken<T> {
  const ended = parts.open.filter(which).map((whole) => ({
    ...whole,
    before: parts.done.find(({ key }) => key === whole.key)?.orders ?? [],
  }));
  if (ended.length === 0) return { parts, out: [] };
  const others = parts.done.filter(({ key }) => !ended.some((whole) => whole.key === key));
  const done = ended.map((whole) => ({
    key: whole.key,
    orders: [...whole.before, ...whole.parts.map(({ order }) => order)],
  }));
  return {
    parts: { open: parts.open.filter((whole) => !which(whole)), done: [...others, ...done].slice(-keptDone) },
    out: ended.map(({ key, before, parts: own }) => ({
      key,
      isLate: before.length > 0,
      values: own.map(({ value }) => value),
    })),
  };
}

function isEndedBy<T>(whole: Open<T>, part: Part<T>): boolean {
  if (whole.place !== part.place || whole.key === part.key) return false;
  const newest = whole.parts.at(-1)?.order ?? 0;
  return part.order === null || part.order > newest;
}

function isKnown<T>({ open, done }: Parts<T>, { key, order }: Part<T>): boolean {
  const isOld = done.some((whole) => whole.key === key && whole.orders.some((other) => other === order));
  return isOld || open.some((whole) => whole.key === key && whole.parts.some((part) => part.order === order));
}

function withPart<T>(open: Parts<T>['open'], { key, place, order, value }: Part<T>): Parts<T>['open'] {
  if (key === null || order === null) throw new Error('A part of a whole has a key and a number.');
  const before = open.find((whole) => whole.key === key)?.parts ?? [];
  const parts = [...before, { order, value }].sort((a, b) => a.order - b.order);
  return [...open.filter((whole) => whole.key !== key), { key, place, parts }];
}
