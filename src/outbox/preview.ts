import type { NewDelivery } from '#core/delivery.ts';
import type { IdsPort } from '#core/ids.ts';
import type { ClockPort, LogPort } from '#core/ports/clock.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import type { ComposePort, PreviewPort } from '#core/ports/compose.ts';
import type { OutboxPort } from '#core/store/outbox.ts';
import type { Turn } from '#core/turn.ts';
import { type Drafts, createDrafts } from './drafts.ts';

export interface PreviewDeps {
  readonly outbox: Pick<OutboxPort, 'preview' | 'previewOf'>;
  readonly compose: ComposePort;
  /** For drafts. */
  readonly adapter: (channel: string) => Pick<AdapterPort, 'abilities' | 'draft'> | null;
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
  /** Nothing joins the turn any more, by a commit. */
  sealed: boolean;
  /** A call that shows a draft is under way. */
  drafting: boolean;
  /** The final text is on its way: what would be shown from here on is late. */
  over: boolean;
}

interface Showing {
  readonly turn: Turn;
  readonly shown: Shown;
  readonly text: string;
  readonly seal: () => Promise<boolean>;
}

type Said = Extract<NewDelivery['body'], { kind: 'message' }>;

/** A draft that arrives behind the final text would stand there twice for a while: so long it is waited for. */
const lateDraftMs = 500;

/**
 * The text of a running turn as the platform's draft, where it has them, else as an outbox row and queued edits of it: at
 * most one call or write in flight and one each edit interval per turn; what comes faster is skipped, the final text
 * replaces it all.
 */
export function createPreview(deps: PreviewDeps, options: PreviewOptions): PreviewPort {
  const drafts = createDrafts(deps);
  // By the object that a run of a turn holds, so that a run that is stopped leaves nothing behind.
  const byRun = new WeakMap<Turn, Shown>();
  return {
    show(turn, text, seal) {
      const abilities = deps.compose.abilitiesOf(turn.chat);
      if (abilities === null || abilities.delivery === 'pull') return;
      if (!abilities.edits && !drafts.serve(turn)) return;
      const [now, elapsed] = [deps.clock.now(), deps.clock.elapsed()];
      const shown = byRun.get(turn) ?? nothingShown(turn);
      byRun.set(turn, shown);
      if (shown.writing !== null || shown.over || text.length < options.minChars) return;
      if (now - turn.startedAt < options.firstAfterMs || elapsed - shown.lastAt < abilities.editEveryMs)
        return;
      shown.lastAt = elapsed;
      shown.writing = write(deps, drafts, { turn, shown, text, seal }).finally(() => {
        shown.writing = null;
      });
    },
    async finish(turn) {
      const abilities = deps.compose.abilitiesOf(turn.chat);
      if (abilities === null || abilities.delivery === 'pull') return null;
      await settled(deps.clock, byRun.get(turn));
      if (!abilities.edits) return null;
      // Asked of the rows, not of memory: the preview may be of a boot that crashed.
      const row = await deps.outbox.previewOf(turn.id);
      return row?.id ?? null;
    },
  };
}

function nothingShown(turn: Turn): Shown {
  const open = { writing: null, sealed: turn.sealed, drafting: false, over: false };
  return { lastAt: Number.NEGATIVE_INFINITY, lastText: '', ...open };
}

/** A row that is being written is waited for; a draft only for a moment. */
async function settled(clock: ClockPort, shown: Shown | undefined): Promise<void> {
  if (shown === undefined) return;
  shown.over = true;
  if (!shown.drafting) return shown.writing ?? undefined;
  const enough = new AbortController();
  await Promise.race([shown.writing, clock.sleep(lateDraftMs, enough.signal)]);
  enough.abort();
}

/** Never rejects: a preview is a courtesy, and without it the final text is sent whole. */
async function write(deps: PreviewDeps, drafts: Drafts, showing: Showing): Promise<void> {
  const { turn, shown, text } = showing;
  const saying = { chat: turn.chat, replyTo: null, buttons: [], editOf: null, running: true };
  try {
    const [first] = deps.compose.say({ ...saying, markdown: `${text} …`, key: `preview:${turn.id}` });
    if (first === undefined || first.body.kind !== 'message' || first.body.text === shown.lastText) return;
    const { body } = first;
    if (drafts.serve(turn) && (await isDrafted(deps, drafts, { ...showing, body }))) return;
    await writeRow(deps, showing, { ...first, body });
  } catch (error) {
    // What ended the turn is met by its next commit.
    deps.log.warn('delivery.preview-failed', { turn: turn.id, error });
  }
}

/** True: a draft takes care of it, or it is too late for either. The turn is sealed by a commit before anything of the answer can be seen. */
async function isDrafted(
  deps: PreviewDeps,
  drafts: Drafts,
  { turn, shown, body, seal }: Showing & { readonly body: Said },
): Promise<boolean> {
  // A preview of an earlier boot stands in the chat: it is edited on.
  if (shown.lastText === '' && (await deps.outbox.previewOf(turn.id)) !== null) return false;
  if (!shown.sealed && !(await seal())) return true; // messages joined: this answer is made again
  shown.sealed = true;
  if (shown.over) return true;
  shown.drafting = true;
  const isTaken = await drafts.show(turn, body);
  shown.drafting = false;
  if (isTaken) shown.lastText = body.text;
  return isTaken || shown.over;
}

async function writeRow(
  { outbox, clock, ids }: PreviewDeps,
  { turn, shown }: Showing,
  first: NewDelivery & { readonly body: Said },
): Promise<void> {
  const { markdown, dialect, text } = first.body;
  const edit: NewDelivery = {
    id: ids.delivery(),
    key: `preview:${turn.id}:${ids.delivery()}`,
    chat: first.chat,
    preview: true,
    body: { kind: 'edit', target: first.id, markdown, text, dialect, buttons: [] },
  };
  await outbox.preview({ turn: turn.id, first: { ...first, preview: true }, edit, at: clock.now() });
  shown.lastText = text;
}
