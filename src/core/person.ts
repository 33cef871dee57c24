/** Somebody Tiro knows. The handle names their memory folder and never changes. */
export interface Person {
  readonly handle: string;
  readonly role: Role;
  readonly timezone: string | null;
  readonly language: string | null;
  /** Whose asks this person may decide. */
  readonly approves: 'all' | 'own' | 'none';
}

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
}

/** A one-time code that turns a stranger into a person. `owner` codes are minted for the owner to send from a chat. */
export interface Pairing {
  readonly code: string;
  readonly kind: 'stranger' | 'owner';
  readonly identity: `${string}:${string}` | null;
  readonly chat: `${string}:${string}` | null;
  readonly name: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}
