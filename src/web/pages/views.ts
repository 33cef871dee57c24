import type { Actor, StatusReport } from '#control/surface.ts';
import type { Approval } from '#core/policy.ts';
import type { ConversationId } from '#core/ids.ts';
import type { StepsPort } from '#core/store/turns.ts';
import type { Conversation } from '#core/turn.ts';
import { type WebDeps, type WebOptions, actorOf } from '../deps.ts';
import type { ChannelView } from './channel/page.ts';
import type { ChatView } from './chat.ts';
import type { People } from './people/page.ts';
import { stepToHtml } from './steps.ts';

const readConversations = 500;
const listedConversations = 60;
const listedApprovals = 50;
const shownSteps = 300;
/** A conversation of years opens as fast as one of a day. */
const shownChars = 400_000;

type Latest = Awaited<ReturnType<StepsPort['latest']>>;

export interface AskedChat {
  readonly conversation: Conversation | null;
  readonly fresh: boolean;
  /** Every step, not only the latest. */
  readonly all: boolean;
}

/** What the pages show, read from the rows. */
export interface Views {
  chat(asked: AskedChat): Promise<ChatView>;
  status(): Promise<StatusReport>;
  /** Of a channel that a phone lets in; null for any other name. */
  channel(name: string): Promise<ChannelView | null>;
  /** Latest first, without those that unnamed API requests make for one answer each. */
  conversations(): Promise<readonly Conversation[]>;
  approvals(): Promise<readonly Approval[]>;
  people(): Promise<People>;
}

export function createViews(deps: WebDeps, options: WebOptions): Views {
  const actor = actorOf(options, 'web');
  const conversations = (): Promise<readonly Conversation[]> => listConversations(deps);
  const reader = { renderHtml: deps.renderHtml, owner: actor.person };
  return {
    chat,
    status,
    channel: (name) => readChannel(deps, actor, name),
    conversations,
    approvals,
    people,
  };

  async function chat({ conversation, fresh, all }: AskedChat): Promise<ChatView> {
    // Read first: what is committed while the rest is read comes again by the feed, and is known by its id.
    const seq = await deps.steps.lastSeq();
    const id = conversation?.id ?? null;
    const [steps, listed, pending, { demo }, { pairings }, running] = await Promise.all([
      stepsToShow(deps, { id, all }),
      conversations(),
      approvals(),
      status(),
      people(),
      id === null
        ? []
        : deps.control.run('turns.list', { status: 'running', conversation: id, limit: 1 }, actor),
    ]);
    const shown = all ? steps.steps : steps.steps.slice(-shownSteps);
    return {
      conversation,
      fresh,
      conversations: listed,
      approvals: pending,
      strangers: pairings.filter(({ kind }) => kind === 'stranger').length,
      thread: shown.map((step) => stepToHtml(step, reader)).join(''),
      hasEarlier: !steps.complete || shown.length < steps.steps.length,
      running: running.length > 0,
      demo,
      seq,
    };
  }

  function people(): Promise<People> {
    return deps.control.run('people.list', {}, actor);
  }

  function status(): Promise<StatusReport> {
    return deps.control.run('status', {}, actor);
  }

  function approvals(): Promise<readonly Approval[]> {
    return deps.approvals.list({ status: 'pending', chat: null, limit: listedApprovals });
  }
}

async function listConversations({ conversations }: WebDeps): Promise<readonly Conversation[]> {
  const all = await conversations.list({ person: null, limit: readConversations });
  return all
    .filter(({ chat }) => !chat.startsWith('api:cnv_'))
    .sort((a, b) => b.lastAt - a.lastAt)
    .slice(0, listedConversations);
}

async function readChannel({ control }: WebDeps, actor: Actor, name: string): Promise<ChannelView | null> {
  const reports = await control.run('channels.list', {}, actor);
  const report = reports.find((one) => one.name === name && one.linkable === true);
  if (report === undefined) return null;
  return { report, link: await control.run('channels.link', { channel: name, phone: null }, actor) };
}

async function stepsToShow(
  { steps }: WebDeps,
  { id, all }: { readonly id: ConversationId | null; readonly all: boolean },
): Promise<Latest> {
  if (id === null) return { steps: [], complete: true };
  if (all) return { steps: await steps.ofConversation(id), complete: true };
  return steps.latest({ conversation: id, chars: shownChars, turn: null });
}
