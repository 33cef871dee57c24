import Database from 'better-sqlite3';
import { floodChat } from './people.ts';

export interface Audit {
  /** Confirmed to the platform, which forgets them then, or answered with 202, but without a row. */
  readonly acknowledgedUnstored: number;
  /** Neither a row nor with the platform any more. */
  readonly lost: number;
  /** Pairs of the flood's rows that stand in another order than they were said in. */
  readonly reordered: number;
  readonly integrity: string;
}

/** What was seen from outside. */
export interface Outside {
  /** Ids of updates: every one there ever was, those that were confirmed, and those that the platform still has. */
  readonly said: readonly number[];
  readonly confirmed: readonly number[];
  readonly pending: readonly number[];
  /** Ids of events that HTTP was told are accepted. */
  readonly accepted: readonly string[];
}

/** What the outside knows beside the rows of a home whose gateway has ended. */
export function audit(file: string, { said, confirmed, pending, accepted }: Outside): Audit {
  const db = new Database(file);
  try {
    const rows = db
      .prepare<[], { id: string; channel: string; chat: string; platform: string }>(
        'SELECT id, channel, chat, platform_id AS platform FROM events ORDER BY seq',
      )
      .all();
    const updates = rows.filter(({ channel }) => channel === 'telegram');
    const stored = new Set(updates.map(({ platform }) => updateIdOf(platform)));
    const ids = new Set(rows.map(({ id }) => id));
    const withPlatform = new Set(pending);
    const flood = updates
      .filter(({ chat }) => chat === floodChat)
      .map(({ platform }) => updateIdOf(platform));
    return {
      acknowledgedUnstored:
        confirmed.filter((id) => !stored.has(id)).length + accepted.filter((id) => !ids.has(id)).length,
      lost: said.filter((id) => !stored.has(id) && !withPlatform.has(id)).length,
      reordered: flood.filter((id, index) => index > 0 && id < (flood[index - 1] ?? 0)).length,
      integrity: String(db.pragma('integrity_check', { simple: true })),
    };
  } finally {
    db.close();
  }
}

/** `update:123` */
function updateIdOf(platformId: string): number {
  return Number(platformId.slice(platformId.indexOf(':') + 1));
}
