import { type BinaryNode, getBinaryNodeChild, getBinaryNodeChildren, jidDecode, type proto } from 'baileys';
import type { Deliveries } from './deliveries.ts';
import type { Phone } from './phone.ts';
import type { World } from './queries.ts';
import type { Screen } from './screen.ts';
import { node, seconds } from './wire/stanza.ts';

/** A message of the bot as it came to the server. Times are epoch ms; `answeredAt` is null while it has no answer. */
export interface Call {
  readonly id: string;
  readonly to: string;
  readonly at: number;
  answeredAt: number | null;
  /** Told of `answeredAt`. */
  onAnswered?: (at: number) => void;
}

/** What a phone shows by it; `id`: of the message that is new or changed. */
export interface Seen {
  readonly chat: string;
  readonly id: string;
  readonly message: proto.IMessage;
  readonly kind: 'new' | 'edit';
}

/** The phones of whoever the bot writes to: they decrypt, show, and ask for anew what they cannot read. */
export interface Reading {
  show(call: Call, stanza: BinaryNode): Promise<void>;
  askAnew(reader: Phone, id: string, group: string | null): void;
}

export interface ReadingParts {
  readonly world: World;
  readonly owner: Phone;
  readonly deliveries: Deliveries;
  readonly screen: (chat: string) => Screen;
  readonly onDone: (call: Call, seen: Seen) => void;
}

interface Target {
  readonly jid: string;
  readonly enc: BinaryNode | undefined;
}

export function createReading(parts: ReadingParts): Reading {
  const { world, owner, deliveries, screen } = parts;
  const phoneAt = (jid: string): Phone | null => world.phoneOf(jidDecode(jid)?.user ?? '');
  return { show, askAnew };

  async function show(call: Call, stanza: BinaryNode): Promise<void> {
    const { id, to } = call;
    const group = to.endsWith('@g.us') ? to : null;
    const whole = getBinaryNodeChild(stanza, 'enc');
    for (const { jid, enc } of targetsOf(stanza, to)) {
      const reader = phoneAt(jid);
      // The owner's phone is told of everything; it shows what was said to the owner.
      if (reader === null || enc === undefined || (reader === owner && phoneAt(to) !== owner)) continue;
      const message = await read(reader, { enc, id, group: null });
      const from = world.device()?.jid;
      if (message?.senderKeyDistributionMessage && from !== undefined)
        await reader.learn(from, message.senderKeyDistributionMessage);
      if (group === null && message !== null)
        tell(call, reader.user, message.deviceSentMessage?.message ?? message);
    }
    const [reader] = world.membersOf(group ?? '') ?? [];
    if (group === null || whole === undefined || reader === undefined) return;
    const message = await read(reader, { enc: whole, id, group });
    if (message !== null) tell(call, group, message);
  }

  function tell(call: Call, chat: string, message: proto.IMessage): void {
    const kind = screen(chat).show(call.id, message);
    const id = message.protocolMessage?.key?.id ?? call.id;
    const now = message.protocolMessage?.editedMessage ?? message;
    if (kind === 'new' || kind === 'edit') parts.onDone(call, { chat, id, message: now, kind });
  }

  async function read(
    reader: Phone,
    { enc, id, group }: { readonly enc: BinaryNode; readonly id: string; readonly group: string | null },
  ): Promise<proto.Message | null> {
    const device = world.device();
    if (device === null) return null;
    try {
      return await reader.open(device.jid, enc, group);
    } catch {
      askAnew(reader, id, group);
      return null;
    }
  }

  function askAnew(reader: Phone, id: string, group: string | null): void {
    const registration = Buffer.alloc(4);
    registration.writeUInt32BE(reader.registrationId);
    const place = group === null ? { from: reader.jid } : { from: group, participant: reader.jid };
    deliveries.tell(
      node('receipt', { ...place, id, type: 'retry', t: seconds() }, [
        node('retry', { count: '1', id, t: seconds(), v: '1' }),
        node('registration', {}, registration),
      ]),
    );
  }
}

/** Each device has its own ciphertext; one that is sent anew to one device has no list. */
function targetsOf(stanza: BinaryNode, to: string): readonly Target[] {
  const listed = getBinaryNodeChildren(getBinaryNodeChild(stanza, 'participants'), 'to');
  const own = listed.map((target) => ({
    jid: target.attrs['jid'] ?? '',
    enc: getBinaryNodeChild(target, 'enc'),
  }));
  const single = getBinaryNodeChild(stanza, 'enc');
  return to.endsWith('@g.us') || single === undefined ? own : [...own, { jid: to, enc: single }];
}
