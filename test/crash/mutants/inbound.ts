import type { Mutant } from './mutant.ts';
import { killedAt, plain } from './scene.ts';

/** Bugs between the platform and the row. */
export const inbound: readonly Mutant[] = [
  {
    name: 'acknowledge-before-store',
    breaks: 'the platform is told "received" while the event still waits to be stored',
    edits: [
      {
        file: 'src/inbox/channels.ts',
        find: 'await deps.inbox.accept(name, events, cursor ?? null);',
        replace:
          'void new Promise((later) => setTimeout(later, 2_000)).then(() => deps.inbox.accept(name, events, cursor ?? null));',
      },
    ],
    scene: killedAt('before events.accept'),
    caughtIn: 'lost',
  },
  {
    name: 'offset-before-commit',
    breaks: 'the offset is stored in a commit before that of the events it stands behind',
    edits: [
      {
        file: 'adapters/telegram/connect.ts',
        find: 'await intake.accept(updates.value, {',
        replace:
          'await door.sink.accept([], offsetAfter(updates.value, clock.now()));\n      await intake.accept(updates.value, {',
      },
    ],
    scene: killedAt('before events.accept'),
    caughtIn: 'lost',
  },
  {
    name: 'answer-before-commit',
    breaks: 'the store answers its callers before COMMIT: what they go on with is not on the disk',
    edits: [
      {
        file: 'src/store/worker/batch.ts',
        find: 'begin.run();',
        replace: 'if (!db.inTransaction) begin.run();',
      },
      {
        file: 'src/store/worker/batch.ts',
        find: 'commit.run();',
        replace:
          'clearTimeout(globalThis.later);\n      globalThis.later = setTimeout(() => db.inTransaction && commit.run(), 5_000);',
      },
    ],
    scene: killedAt('after model.call'),
    caughtIn: 'lost',
  },
  {
    name: 'no-deduplication',
    breaks: 'an event that the platform gives again is a new event',
    edits: [
      {
        file: 'src/store/sqlite/events/arrival.ts',
        find: '    platformId: event.platformId,\n    kind',
        replace: '    platformId: `${event.platformId} ${entry.id}`,\n    kind',
      },
    ],
    scene: { says: [plain], arm: null, again: true },
    caughtIn: 'duplicated',
  },
];
