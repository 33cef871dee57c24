import { describe } from 'vitest';
import { testApprovals } from './store/approvals.ts';
import { testEdits } from './store/edits.ts';
import { testEvents } from './store/events.ts';
import { testLimits } from './store/limits.ts';
import { testLife } from './store/life.ts';
import { testOutbox } from './store/outbox.ts';
import { testPeople } from './store/people.ts';
import { testRest } from './store/rest.ts';
import { testUndelivered } from './store/undelivered.ts';
import { testTurns } from './store/turns.ts';
import type { StoreContract } from './store/world.ts';

/** What every store must do, said in the words of the port only: SQLite today, PostgreSQL when it is asked for. */
export function testStore(contract: StoreContract): void {
  describe(`${contract.name} keeps the contract of the store`, () => {
    testEvents(contract);
    testEdits(contract);
    testTurns(contract);
    testLife(contract);
    testLimits(contract);
    testApprovals(contract);
    testOutbox(contract);
    testUndelivered(contract);
    testPeople(contract);
    testRest(contract);
  });
}

export type { StoreContract } from './store/world.ts';
