import { type BinaryNode, getBinaryNodeChild, getBinaryNodeChildren, jidDecode } from 'baileys';
import type { Device, Phone } from './phone.ts';
import { bytesOf, firstChild, node, serverName } from './wire/stanza.ts';

/** What clients ask of the server. */
export interface World {
  readonly ownUser: string;
  readonly device: () => Device | null;
  phoneOf(user: string): Phone | null;
  /** Who is in a group; null: there is none. */
  membersOf(group: string): readonly Phone[] | null;
  /** `hostname` of the machine that takes files. */
  readonly mediaHost: string;
  /** Whether it is told now. */
  takesFiles(): boolean;
}

/** Null: it is for somebody else to answer. */
export async function answerTo(stanza: BinaryNode, world: World): Promise<BinaryNode> {
  const reply = (content?: readonly BinaryNode[]): BinaryNode =>
    node('iq', { from: serverName, type: 'result', id: stanza.attrs['id'] ?? '' }, content);
  const child = firstChild(stanza);
  switch (stanza.attrs['xmlns'] ?? '') {
    case 'encrypt':
      return reply(await keysFor(stanza, child, world));
    case 'usync':
      return reply([devicesOf(child, world)]);
    case 'w:g2':
      return groupOf(stanza, world) ?? { ...reply(), attrs: { ...reply().attrs, type: 'error' } };
    case 'w:m': {
      if (!world.takesFiles()) return { ...reply(), attrs: { ...reply().attrs, type: 'error' } };
      const host = node('host', { hostname: world.mediaHost, maxContentLengthBytes: '100000000' });
      return reply([node('media_conn', { auth: 'AUTH', ttl: '300' }, [host])]);
    }
    case 'privacy':
      return reply([node('privacy', {}, [node('category', { name: 'readreceipts', value: 'all' })])]);
    case 'w':
      return reply([node('props', { hash: 'h' }, [])]);
    case 'blocklist':
      return reply([node('list', {}, [])]);
    default:
      return reply();
  }
}

async function keysFor(
  stanza: BinaryNode,
  child: BinaryNode | null,
  world: World,
): Promise<readonly BinaryNode[] | undefined> {
  const device = world.device();
  if (device === null) return undefined;
  // Where there are none at all the client makes 812, which takes it a second.
  if (child?.tag === 'count') return [node('count', { value: String(Math.max(1, device.preKeys.length)) })];
  if (stanza.attrs['type'] === 'set' && getBinaryNodeChild(stanza, 'list') !== undefined) {
    device.registration = bytesOf(stanza, 'registration');
    device.identityKey = bytesOf(stanza, 'identity');
    device.signedPreKey = getBinaryNodeChild(stanza, 'skey') ?? null;
    device.preKeys.push(...getBinaryNodeChildren(getBinaryNodeChild(stanza, 'list'), 'key'));
    return undefined;
  }
  if (child?.tag === 'digest') return [node('digest', {}, [])];
  if (child?.tag !== 'key') return undefined;
  const bundles: BinaryNode[] = [];
  for (const { attrs } of getBinaryNodeChildren(child, 'user')) {
    const jid = attrs['jid'] ?? '';
    const phone = world.phoneOf(jidDecode(jid)?.user ?? '');
    if (phone !== null) bundles.push(await phone.keyBundle(jid));
  }
  return [node('list', {}, bundles)];
}

/** Which devices people have, and their numbers for hiding the phone number. */
function devicesOf(child: BinaryNode | null, { phoneOf, ownUser, device }: World): BinaryNode {
  const asked = getBinaryNodeChildren(getBinaryNodeChild(child ?? undefined, 'list'), 'user');
  const answers = asked.map((user) => {
    const number = bytesOf(user, 'contact').toString('utf8').replace('+', '');
    if (number !== '') return contactOf(number, phoneOf);
    const jid = user.attrs['jid'] ?? '';
    const phone = phoneOf(jidDecode(jid)?.user ?? '');
    const own = device()?.jid.match(/:(\d+)@/)?.[1];
    const more =
      phone?.user === ownUser && own !== undefined ? [node('device', { id: own, 'key-index': '1' })] : [];
    const devices = phone === null ? [] : [node('device', { id: '0' }), ...more];
    const content = [node('devices', {}, [node('device-list', {}, devices)])];
    if (phone !== null) content.push(node('lid', { val: phone.lid }));
    return node('user', { jid }, content);
  });
  return node('usync', {}, [node('result'), node('list', {}, answers)]);
}

/** Is there somebody with this number? */
function contactOf(number: string, phoneOf: World['phoneOf']): BinaryNode {
  const type = phoneOf(number) === null ? 'out' : 'in';
  return node('user', { jid: `${number}@${serverName}` }, [node('contact', { type })]);
}

function groupOf(stanza: BinaryNode, world: World): BinaryNode | null {
  const jid = stanza.attrs['to'] ?? '';
  const members = world.membersOf(jid);
  if (members === null) return null;
  const participants = members.map((phone) => node('participant', { jid: phone.jid, lid: phone.lid }));
  const attrs = {
    id: jid.replace('@g.us', ''),
    subject: 'A group',
    creation: '1',
    s_t: '1',
    addressing_mode: 'pn',
  };
  return node('iq', { from: jid, type: 'result', id: stanza.attrs['id'] ?? '' }, [
    node('group', attrs, participants),
  ]);
}
