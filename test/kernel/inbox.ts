import type { InboundEvent, StoredEvent } from '#core/event.ts';
import type { DoorPort, Submission, Submitted } from '#core/ports/door.ts';
import { createDoor } from '#inbox/door.ts';
import { type Inbox, createInbox } from '#inbox/inbox.ts';
import type { Access } from '#inbox/route.ts';
import type { TestGround } from './ground.ts';

export interface TestInbox {
  readonly inbox: Inbox;
  readonly door: DoorPort;
  /** `access` of the config; a test may change it. */
  readonly access: { dm: Access['dm']; groups: Access['groups'] };
  /** One batch of one channel, as its adapter hands it in. */
  receive(...events: readonly InboundEvent[]): Promise<readonly StoredEvent[]>;
  submit(submission: Submission): Promise<Extract<Submitted, { ok: true }>>;
}

export function createTestInbox(ground: TestGround): TestInbox {
  const { store } = ground;
  const access: TestInbox['access'] = { dm: 'pairing', groups: 'mention' };
  const deps = { ...store, ...ground, access: () => access };
  const inbox = createInbox(deps);
  const door = createDoor(deps);
  return {
    inbox,
    door,
    access,
    async receive(...events) {
      const channel = events[0]?.chat.channel ?? 'telegram';
      await inbox.accept(channel, events, null);
      const rows = await Promise.all(
        events.map(({ platformId }) => store.events.byPlatformId(channel, platformId)),
      );
      return rows.filter((row) => row !== null);
    },
    async submit(submission) {
      const answer = await door.submit(submission);
      if (!answer.ok) throw new Error(`The door refused: ${answer.reason}.`);
      return answer;
    },
  };
}
