import { type Lane, createLane } from './lane.ts';

/** Gives the place back. A second call does nothing. */
export type Release = () => void;

export interface Ticket {
  readonly person: string;
  readonly lane: 'interactive' | 'background';
}

export interface FairQueue {
  /** A free place at once, or null when all are taken. Never overtakes somebody who waits. */
  tryEnter(): Release | null;
  /** Resolves with a place, or with null when the signal aborts first; then the ticket has left the queue. */
  enter(ticket: Ticket, signal: AbortSignal): Promise<Release | null>;
  active(): number;
  waiting(): number;
}

type Grant = (release: Release) => void;

interface Hall {
  readonly limit: () => number;
  readonly interactive: Lane<Grant>;
  readonly background: Lane<Grant>;
  active: number;
  /** Interactive grants in a row while background waited. */
  passedOver: number;
}

/** So many interactive tickets may go before a waiting background one: it is served late, but it is served. */
export const backgroundPatience = 50;

/**
 * waiting → place → released, handed on in the same tick. Interactive before background; within a lane one ticket of
 * each person in turn; within a person first come, first served. `limit` is read at each step, so it may change.
 */
export function createFairQueue(limit: () => number): FairQueue {
  const hall: Hall = {
    limit,
    interactive: createLane(),
    background: createLane(),
    active: 0,
    passedOver: 0,
  };
  return {
    tryEnter: () => (hasRoom(hall) && waitingIn(hall) === 0 ? take(hall) : null),
    enter: (ticket, signal) => enter(hall, ticket, signal),
    active: () => hall.active,
    waiting: () => waitingIn(hall),
  };
}

function enter(hall: Hall, ticket: Ticket, signal: AbortSignal): Promise<Release | null> {
  if (signal.aborted) return Promise.resolve(null);
  return new Promise((resolve) => {
    const leave = (): void => {
      hall[ticket.lane].remove(ticket.person, grant);
      resolve(null);
    };
    const grant: Grant = (release) => {
      signal.removeEventListener('abort', leave);
      resolve(release);
    };
    signal.addEventListener('abort', leave, { once: true });
    hall[ticket.lane].add(ticket.person, grant);
    pump(hall);
  });
}

function pump(hall: Hall): void {
  while (hasRoom(hall)) {
    const grant = nextGrant(hall);
    if (grant === null) return;
    grant(take(hall));
  }
}

function nextGrant(hall: Hall): Grant | null {
  const { interactive, background } = hall;
  const isOverdue = hall.passedOver >= backgroundPatience && background.size() > 0;
  if (isOverdue || interactive.size() === 0) {
    hall.passedOver = 0;
    return background.shift();
  }
  hall.passedOver = background.size() === 0 ? 0 : hall.passedOver + 1;
  return interactive.shift();
}

function take(hall: Hall): Release {
  hall.active += 1;
  let held = true;
  return () => {
    if (!held) return;
    held = false;
    hall.active -= 1;
    pump(hall);
  };
}

function hasRoom(hall: Hall): boolean {
  return hall.active < Math.max(1, hall.limit());
}

function waitingIn(hall: Hall): number {
  return hall.interactive.size() + hall.background.size();
}
