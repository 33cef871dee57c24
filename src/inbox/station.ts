import { type Channels, type ChannelsDeps, createChannels } from './channels.ts';
import { type DoorDeps, createDoor } from './door.ts';
import { type InboxDeps, createInbox } from './inbox.ts';
import type { DoorPort } from '#core/ports/door.ts';

type StationDeps = InboxDeps & DoorDeps & Omit<ChannelsDeps, 'inbox'>;

/** Where messages come in: the platforms' channels, and the door for page, terminal and API. */
export function createInboxStation(deps: StationDeps): {
  readonly channels: Channels;
  readonly door: DoorPort;
} {
  const inbox = createInbox(deps);
  return { channels: createChannels({ ...deps, inbox }), door: createDoor(deps) };
}
