import { expect, test } from 'vitest';
import type { ChatKey } from '#core/address.ts';
import type { ConversationId, TurnId } from '#core/ids.ts';
import { createWaiting } from './waiting.ts';

const conversation: ConversationId = 'cnv_1';
const runningTurn: TurnId = 'trn_1';
const chat: ChatKey = 'telegram:7';

test('a turn is remembered only while somebody waits behind it, also when it ends while its notice is written', async () => {
  let now = 0;
  let behind = [{ conversation, chat, runningTurn, count: 1 }];
  const notices: TurnId[] = [];
  const waiting = createWaiting(
    {
      clock: { now: () => now, elapsed: () => now },
      events: { waiting: async () => behind, waitingForPlace: async () => [] },
      notices: {
        queued: async (row) => {
          behind = [];
          notices.push(row.runningTurn);
        },
        waitsForPlace: async () => undefined,
        stale: async () => undefined,
      },
    },
    { queuedNoticeMs: 0, maxPlaceNotices: 9 },
  );
  const look = async (rows: typeof behind): Promise<void> => {
    now += 1_000;
    behind = rows;
    await waiting.tell();
  };
  const row = { conversation, chat, runningTurn, count: 2 };
  await look([row]);
  await look([row]);
  expect(notices).toHaveLength(1);
  await look([]);
  // Seen again it would be told again, and its notice has a key: it is not said twice.
  await look([row]);
  expect(notices).toHaveLength(2);
});
