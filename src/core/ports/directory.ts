import type { Identity } from '../address.ts';
import type { KnownIdentity, Person } from '../person.ts';

/** Who is who: config's people and paired identities as one table, kept in memory. */
export interface DirectoryPort {
  /** The person behind an identity, or null for a stranger. */
  resolve(identity: Identity): Person | null;
  /** Config lists it, and decides about it. */
  isListed(identity: Identity): boolean;
  /**
   * It is somebody's whom config names, by being listed or by a link, or the owner's. A pairing of a stranger is for direct
   * chats only.
   */
  speaksInGroups(identity: Identity): boolean;
  /** Config names the handle. */
  isNamed(handle: string): boolean;
  /** By handle; an unknown handle is a guest. */
  person(handle: string): Person;
  owner(): Person;
  /** Everybody known: config's identities first, then the paired ones it does not name. */
  known(): readonly KnownIdentity[];
  /** Reads the paired identities again. */
  refresh(): Promise<void>;
}
