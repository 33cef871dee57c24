/** Somebody Tiro knows. The handle names their memory folder and never changes. */
export interface Person {
  readonly handle: string;
  readonly role: Role;
  readonly timezone: string | null;
  readonly language: string | null;
  /** Whose asks this person may decide. */
  readonly approves: 'all' | 'own' | 'none';
}

/** The handle, and so the memory, of an owner who has no other name yet. */
export const namelessOwner = 'owner';

export type Role = 'owner' | 'member' | 'guest';

/** Who may do what: the table of docs/architecture.md as data. Nothing outside this table grants a right. */
export interface Rights {
  readonly tools: boolean;
  readonly commands: 'all' | 'own' | 'basic';
  readonly people: boolean;
}

export const rightsByRole: Readonly<Record<Role, Rights>> = {
  owner: { tools: true, commands: 'all', people: true },
  member: { tools: true, commands: 'own', people: false },
  guest: { tools: false, commands: 'basic', people: false },
};

/** How a person came to be known: written in config.yaml, or paired by a code. Config wins over a pairing. */
export interface KnownIdentity {
  readonly identity: `${string}:${string}`;
  readonly handle: string;
  readonly role: Role;
  readonly name: string;
  /** 0: written in config. */
  readonly since: number;
  readonly timezone: string | null;
  readonly language: string | null;
}

/**
 * A one-time code. `stranger`: shown to somebody unknown, good in the owner's hand only. `refused`: such a one whom the owner
 * does not want; kept so that he gets silence. `owner` and `link`: made for somebody known to send from another channel, whose
 * identity there is theirs from then on.
 */
export interface Pairing {
  readonly code: string;
  readonly kind: 'stranger' | 'refused' | 'owner' | 'link';
  /** The stranger's; null for codes that whoever sends them may use. */
  readonly identity: `${string}:${string}` | null;
  /** Where the stranger wrote, or where somebody known asked for the code. */
  readonly chat: `${string}:${string}` | null;
  readonly name: string;
  /** Whose identity the sender becomes, and the most rights it gets; null for strangers. */
  readonly person: string | null;
  readonly role: Role | null;
  readonly createdAt: number;
  readonly expiresAt: number;
}
