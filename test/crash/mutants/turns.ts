import type { Mutant } from './mutant.ts';
import { killedAt, plain, slowly, stoppedAt, withTools, withToolsSlowly } from './scene.ts';

/** Bugs of the turn: who runs it, what is journaled before what, and what a resumed one does again. */
export const turns: readonly Mutant[] = [
  {
    name: 'no-fence',
    breaks: 'a gateway that was taken over and wakes does not see that there is a newer one',
    edits: [
      {
        file: 'src/store/sqlite/boots.ts',
        find: 'if (newest?.epoch === session.epoch) return;',
        replace: 'if (newest !== null) return;',
      },
    ],
    scene: stoppedAt('before model.call', { says: [plain], nth: 1, wakesAt: 'answer' }),
    caughtIn: 'modelCallsRepeatedAfterCommit',
  },
  {
    name: 'no-fence-on-writes',
    breaks:
      'the epoch is looked at before calls, but commits of a gateway that was taken over are not refused',
    edits: [
      {
        file: 'src/store/worker/batch.ts',
        find: '      requireNewestEpoch(session);\n',
        replace: '',
      },
      {
        file: 'src/store/sqlite/turns/rows.ts',
        find: ' && turn.epoch === session.epoch) return turn;',
        replace: ') return turn;',
      },
    ],
    // Before the intent of the tool `ring`: look, keep and ring have one each.
    scene: stoppedAt('before turns.append [intent]', {
      says: [withToolsSlowly],
      nth: 3,
      wakesAt: 'once',
    }),
    caughtIn: 'effectsTwice',
  },
  {
    name: 'orphans-left-alone',
    breaks: 'turns that ran in a gateway that died are not resumed',
    edits: [
      {
        file: 'src/conversation/recovery.ts',
        find: 'orphans ??= await find();',
        replace: 'orphans ??= (await find(), []);',
      },
    ],
    scene: killedAt('before model.call'),
    caughtIn: 'lost',
  },
  {
    name: 'send-before-commit',
    breaks: 'the answer goes out while the reply it stands for is not committed',
    edits: [
      {
        file: 'src/agent/run-turn.ts',
        find: '  await commit(moment, {\n    steps: notice',
        replace:
          '  await commit(moment, { deliveries });\n  await deps.clock.sleep(5_000);\n  await commit(moment, {\n    steps: notice',
      },
    ],
    scene: killedAt('after outbox.settle sent'),
    caughtIn: 'modelCallsRepeatedAfterCommit',
  },
  {
    name: 'replies-forgotten',
    breaks: 'a resumed turn begins anew, whatever replies it has committed',
    edits: [
      {
        file: 'src/agent/run-turn.ts',
        find: 'steps, isCut };',
        replace:
          "steps: steps.filter((step) => step.turn !== run.turn.id || step.body.kind === 'input'), isCut };",
      },
    ],
    scene: killedAt('after turns.append [reply]', [withTools]),
    caughtIn: 'modelCallsRepeatedAfterCommit',
  },
  {
    name: 'once-runs-again',
    breaks: 'a `once` call that had begun runs again after a crash',
    edits: [
      {
        file: 'src/agent/tools/call-tools.ts',
        find: "return intent.effect === 'once' || (intent.effect === 'keyed' && !found.ok);",
        replace: "return intent.effect === 'keyed' && !found.ok;",
      },
    ],
    scene: killedAt('after tool.ring', [withTools]),
    caughtIn: 'effectsTwice',
  },
  {
    name: 'key-changes',
    breaks: 'a `keyed` call that runs again after a crash gets another key',
    edits: [
      {
        file: 'src/agent/tools/call-tools.ts',
        find: "if (intent !== null) return { type: 'run', run: { ...found, intent, isNew: false } };",
        replace: "if (intent !== null) return { type: 'run', run: newRun(moment, call.id, found) };",
      },
    ],
    scene: killedAt('after tool.keep', [withTools]),
    caughtIn: 'effectsTwice',
  },
  {
    name: 'newest-first',
    breaks: 'of the messages that wait, the newest is taken first',
    edits: [
      {
        file: 'src/store/sqlite/turns/claim.ts',
        find: 'ORDER BY rank, seq LIMIT @limit',
        replace: 'ORDER BY rank, seq DESC LIMIT @limit',
      },
    ],
    scene: { says: [slowly, plain, plain], arm: null },
    caughtIn: 'reordered',
  },
  {
    name: 'two-turns-at-once',
    breaks: 'a conversation may have two running turns',
    edits: [
      {
        file: 'src/store/sqlite/events/queue.ts',
        find: 'const running = runningTurnOf(session, conversation) !== null;',
        replace: 'const running = false;',
      },
      {
        file: 'src/store/opening/index.ts',
        find: '    const boot = db\n',
        replace:
          '    db.exec("DROP INDEX turns_running; CREATE INDEX turns_running ON turns (conversation) WHERE status = \'running\'");\n    const boot = db\n',
      },
    ],
    scene: { says: [slowly, plain], arm: null },
    caughtIn: 'duplicated',
  },
];
