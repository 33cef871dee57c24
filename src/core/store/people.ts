import type { Identity } from '../address.ts';
import type { KnownIdentity, Pairing, Role } from '../person.ts';

export interface PeoplePort {
  identities(): Promise<readonly KnownIdentity[]>;
  /** Takes a pairing code: removes it and makes the identity known. `wrong` and `expired` change nothing. */
  pair(input: {
    readonly code: string;
    readonly identity: Identity | null;
    readonly handle: string;
    readonly role: Role;
    readonly name: string;
    readonly at: number;
  }): Promise<
    | { readonly result: 'paired'; readonly pairing: Pairing; readonly identity: Identity }
    | { readonly result: 'wrong' | 'expired' }
  >;
  pairings(now: number): Promise<readonly Pairing[]>;
  addPairing(pairing: Pairing): Promise<void>;
  remove(identity: Identity): Promise<boolean>;
}
