import type { StorePort } from '#core/store/store.ts';
import { createApprovals } from './approvals.ts';
import { createBoots } from './boots.ts';
import { createConversations } from './conversations.ts';
import { createEvents } from './events/index.ts';
import { createOutbox } from './outbox/index.ts';
import { createPeople } from './people/index.ts';
import type { Session, Verbs } from './session.ts';
import { createSpend } from './spend.ts';
import { createState } from './state.ts';
import { createSteps } from './steps.ts';
import { createTurns } from './turns/index.ts';

/** The groups of the store's verbs: a port of core each, a file or folder each. */
export type Group = Exclude<keyof StorePort, 'onCommit' | 'backup' | 'close'>;

export type Tables = { readonly [G in Group]: Verbs<StorePort[G]> };

export function createTables(session: Session): Tables {
  return {
    boots: createBoots(session),
    events: createEvents(session),
    turns: createTurns(session),
    steps: createSteps(session),
    conversations: createConversations(session),
    outbox: createOutbox(session),
    approvals: createApprovals(session),
    people: createPeople(session),
    spend: createSpend(session),
    state: createState(session),
  };
}
