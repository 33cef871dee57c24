import type { Identity } from '../address.ts';
import type { KnownIdentity, Pairing, Role } from '../person.ts';

export interface PeoplePort {
  identities(): Promise<readonly KnownIdentity[]>;
  /**
   * Takes a pairing code: removes it and makes the identity known. `wrong` and `expired` change nothing. What belongs to
   * the person `joins` (conversations, chats, asks, waiting and running work, spend, other paired identities) is the new
   * handle's from the same commit on.
   */
  pair(input: {
    readonly code: string;
    readonly identity: Identity | null;
    readonly handle: string;
    readonly role: Role;
    readonly name: string;
    /** Who the sender was until now; null: nobody, or nothing is to follow. */
    readonly joins?: string | null;
    readonly timezone?: string | null;
    readonly language?: string | null;
    readonly at: number;
  }): Promise<
    | { readonly result: 'paired'; readonly pairing: Pairing; readonly identity: Identity }
    | { readonly result: 'wrong' | 'expired' }
  >;
  pairings(now: number): Promise<readonly Pairing[]>;
  /** A `link` code replaces the one that its person had open. Rejects as `conflict` when the code is in use. */
  addPairing(pairing: Pairing): Promise<void>;
  /** The stranger with this code gets silence until `until`; null when there is no such code. Again: the same. */
  refuse(input: {
    readonly code: string;
    readonly at: number;
    readonly until: number;
  }): Promise<Pairing | null>;
  /** Sets what is not undefined, for all paired identities of the handle; returns how many those are. */
  setLocale(input: {
    readonly handle: string;
    readonly timezone?: string | null;
    readonly language?: string | null;
  }): Promise<number>;
  /**
   * What it has waiting is withdrawn, the open link code of its person is void, and the direct chats it wrote from are
   * nobody's. False: it was not known.
   */
  remove(identity: Identity): Promise<boolean>;
}
