import type { Mutant } from './mutant.ts';
import { killedAt, slowly } from './scene.ts';

const sent = 'after adapter.send message';
const leaving = 'before adapter.send message';

/** Bugs between the row and the platform. */
export const outbound: readonly Mutant[] = [
  {
    name: 'send-before-claim',
    breaks: 'a delivery leaves although no row says that it is under way',
    edits: [
      {
        file: 'src/store/sqlite/outbox/claim.ts',
        find: 'due.slice(0, input.limit).flatMap((row) => startSending(session, row))',
        replace:
          'due.filter((row) => !(globalThis.taken ??= new Set()).has(row.seq)).slice(0, input.limit)\n    .flatMap((row) => globalThis.taken.add(row.seq) && startSending(session, row))',
      },
      {
        file: 'src/store/sqlite/outbox/claim.ts',
        find: "UPDATE outbox SET status = 'sending', head = 0, epoch = @epoch,",
        replace: 'UPDATE outbox SET epoch = @epoch,',
      },
      {
        file: 'src/store/sqlite/outbox/settle.ts',
        find: "row.status !== 'sending'",
        replace: "(row.status !== 'sending' && row.status !== 'queued')",
      },
    ],
    scene: killedAt(sent),
    caughtIn: 'duplicated',
  },
  {
    name: 'sent-before-send',
    breaks: 'a delivery is written down as sent before it is',
    edits: [
      {
        file: 'src/outbox/deliver.ts',
        find: '  const result = await calls.send(adapter, call.outbound);',
        replace:
          "  await settle(row, { status: 'sent', platformId: '0' });\n  const result = await calls.send(adapter, call.outbound);",
      },
    ],
    scene: killedAt(leaving),
    caughtIn: 'lost',
  },
  {
    name: 'no-mark',
    breaks: 'a blind send that was interrupted is made again without a mark',
    edits: [
      {
        file: 'src/outbox/deliver.ts',
        find: "const repeated = seen.found === 'unknown' && mayRepeat(row, semantics);",
        replace: 'const repeated = false;',
      },
    ],
    scene: killedAt(sent),
    caughtIn: 'duplicated',
  },
  {
    name: 'interrupted-sends-dropped',
    breaks: 'a send that was interrupted is given up',
    edits: [
      {
        file: 'src/outbox/deliver.ts',
        find: "await settle(row, { ...again(deps, 'the gateway ended in mid-call'), repeated });",
        replace: "await settle(row, { status: 'dead', reason: 'the gateway ended in mid-call' });",
      },
    ],
    scene: killedAt(leaving),
    caughtIn: 'lost',
  },
  {
    name: 'preview-forgotten',
    breaks: 'the final text is a message of its own beside the preview, not an edit of it',
    edits: [
      {
        file: 'src/outbox/preview.ts',
        find: 'return row?.id ?? null;',
        replace: 'return null;',
      },
    ],
    scene: killedAt('after outbox.settle sent', [slowly]),
    caughtIn: 'duplicated',
  },
];
