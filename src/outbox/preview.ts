import type { NewDelivery } from '#core/delivery.ts';
import type { IdsPort } from '#core/ids.ts';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';
import type { ComposePort, PreviewPort } from '#core/ports/compose.ts';
import type { OutboxPort } from '#core/store/outbox.ts';
import type { Turn } from '#core/turn.ts';

export interface PreviewDeps {
  readonly outbox: Pick<OutboxPort, 'preview' | 'previewOf'>;
  readonly compose: ComposePort;
  readonly clock: ClockPort;
  readonly ids: IdsPort;
  readonly log: LogPort;
}

export interface PreviewOptions {
  /** An answer that is complete this long after its turn began is sent in one piece, without a preview. */
  readonly firstAfterMs: number;
  readonly minChars: number;
}

interface Shown {
  lastAt: number;
  /** Rendered, and cut to the one message that a preview is. */
  lastText: string;
  writing: Promise<void> | null;
}

/**
 * The text of a running turn as an outbox row and queued edits of it: at most one write in flight and one each edit
 * interval per turn; what comes faster is skipped, the final text replaces it all.
 */
export function createPreview(deps: PreviewDeps, options: PreviewOptions): PreviewPort {
  // By the object that a run of a turn holds, so that a run that is stopped leaves nothing behind.
  const byRun = new WeakMap<Turn, Shown>();
  return {
    show(turn, text) {
      const abilities = deps.compose.abilitiesOf(turn.chat);
      if (abilities === null || abilities.delivery === 'pull' || !abilities.edits) return;
      const [now, elapsed] = [deps.clock.now(), deps.clock.elapsed()];
      const shown = byRun.get(turn) ?? { lastAt: Number.NEGATIVE_INFINITY, lastText: '', writing: null };
      byRun.set(turn, shown);
      if (shown.writing !== null || text.length < options.minChars) return;
      if (now - turn.startedAt < options.firstAfterMs || elapsed - shown.lastAt < abilities.editEveryMs)
        return;
      shown.lastAt = elapsed;
      shown.writing = write(deps, { turn, shown, text }).finally(() => {
        shown.writing = null;
      });
    },
    async finish(turn) {
      const abilities = deps.compose.abilitiesOf(turn.chat);
      if (abilities === null || abilities.delivery === 'pull' || !abilities.edits) return null;
      await byRun.get(turn)?.writing;
      // Asked of the rows, not of memory: the preview may be of a boot that crashed.
      const row = await deps.outbox.previewOf(turn.id);
      return row?.id ?? null;
    },
  };
}

/** Never rejects: a preview is a courtesy, and without it the final text is sent whole. */
async function write(
  deps: PreviewDeps,
  { turn, shown, text }: { readonly turn: Turn; readonly shown: Shown; readonly text: string },
): Promise<void> {
  const { ids, compose, clock, log } = deps;
  const saying = { chat: turn.chat, markdown: `${text} …`, replyTo: null, buttons: [], editOf: null };
  try {
    const [first] = compose.say({ ...saying, key: `preview:${turn.id}` });
    if (first === undefined || first.body.kind !== 'message' || first.body.text === shown.lastText) return;
    const { markdown, dialect, text: rendered } = first.body;
    const edit: NewDelivery = {
      id: ids.delivery(),
      key: `preview:${turn.id}:${ids.delivery()}`,
      chat: turn.chat,
      preview: true,
      body: { kind: 'edit', target: first.id, markdown, text: rendered, dialect, buttons: [] },
    };
    await deps.outbox.preview({ turn: turn.id, first: { ...first, preview: true }, edit, at: clock.now() });
    shown.lastText = rendered;
  } catch (error) {
    // What ended the turn is met by its next commit.
    log.warn('delivery.preview-failed', { turn: turn.id, error });
  }
}
