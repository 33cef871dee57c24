import {
  addTransactionCapability,
  type BinaryNode,
  Curve,
  DEFAULT_CONNECTION_CONFIG,
  encodeBigEndian,
  generateSignalPubKey,
  initAuthCreds,
  proto,
  type SignalDataSet,
  type SignalDataTypeMap,
  type SignalKeyStore,
  unpadRandomMax16,
} from 'baileys';
import { bytesOf, node, serverName } from './wire/stanza.ts';

/** A device that was linked: what it uploaded for whoever wants to write to it. */
export interface Device {
  readonly jid: string;
  readonly lid: string;
  registration: Buffer;
  identityKey: Buffer;
  signedPreKey: BinaryNode | null;
  preKeys: BinaryNode[];
}

export interface Phone {
  readonly user: string;
  readonly jid: string;
  readonly lid: string;
  readonly name: string;
  readonly registrationId: number;
  isNamed(user: string): boolean;
  /** What another device needs to begin a session with this phone. */
  keyBundle(jid: string): Promise<BinaryNode>;
  /** `anew`: forgets the session that there is. Contract: rejects while the device has uploaded no keys. */
  seal(plain: Uint8Array, to: Device, anew: boolean): Promise<Sealed>;
  /** For a group: with the key of it for the device, where that does not have it yet. */
  sealForGroup(plain: Uint8Array, group: string, to: Device): Promise<readonly Sealed[]>;
  open(from: string, enc: BinaryNode, group: string | null): Promise<proto.Message>;
  /** Takes up the key of a group. */
  learn(from: string, item: proto.Message.ISenderKeyDistributionMessage): Promise<void>;
}

export interface Sealed {
  readonly type: string;
  readonly ciphertext: Uint8Array;
}

const silent = {
  level: 'silent',
  child: () => silent,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A person's phone with Signal keys and sessions of its own. */
export function createPhone(user: string, lidUser: string, name: string): Phone {
  const creds = initAuthCreds();
  const keys = addTransactionCapability(memoryKeys(), silent, {
    maxCommitRetries: 1,
    delayBetweenTriesMs: 1,
  });
  const signal = DEFAULT_CONNECTION_CONFIG.makeSignalRepository({ creds, keys }, silent, async () => []);
  const known = new Set<string>();
  let nextPreKeyId = 1;
  const jid = `${user}@${serverName}`;

  return {
    user,
    jid,
    lid: `${lidUser}@lid`,
    name,
    registrationId: creds.registrationId,
    isNamed: (other) => other === user || other === lidUser,
    keyBundle: async (asked) => {
      const [preKey, preKeyId] = [Curve.generateKeyPair(), nextPreKeyId++];
      await keys.set({ 'pre-key': { [preKeyId]: preKey } });
      const { keyId, keyPair, signature } = creds.signedPreKey;
      return node('user', { jid: asked }, [
        node('registration', {}, encodeBigEndian(creds.registrationId)),
        node('type', {}, Buffer.from([5])),
        node('identity', {}, creds.signedIdentityKey.public),
        node('skey', {}, [
          node('id', {}, encodeBigEndian(keyId, 3)),
          node('value', {}, keyPair.public),
          node('signature', {}, signature),
        ]),
        node('key', {}, [node('id', {}, encodeBigEndian(preKeyId, 3)), node('value', {}, preKey.public)]),
      ]);
    },
    seal: async (plain, to, anew) => {
      if (anew) await signal.deleteSession([to.jid]);
      const { exists } = await signal.validateSession(to.jid);
      if (!exists) await signal.injectE2ESession({ jid: to.jid, session: sessionWith(to) });
      return await signal.encryptMessage({ jid: to.jid, data: plain });
    },
    async sealForGroup(plain, group, to) {
      const { ciphertext, senderKeyDistributionMessage } = await signal.encryptGroupMessage({
        group,
        meId: jid,
        data: plain,
      });
      const sealed = { type: 'skmsg', ciphertext };
      const place = `${group} ${to.registration.toString('hex')}`;
      if (known.has(place)) return [sealed];
      known.add(place);
      const item = { groupId: group, axolotlSenderKeyDistributionMessage: senderKeyDistributionMessage };
      return [await this.seal(padded({ senderKeyDistributionMessage: item }), to, false), sealed];
    },
    open: async (from, enc, group) => {
      const bytes = enc.content instanceof Uint8Array ? enc.content : Buffer.alloc(0);
      const { type } = enc.attrs;
      const plain =
        group !== null && type === 'skmsg'
          ? await signal.decryptGroupMessage({ group, authorJid: from, msg: bytes })
          : await signal.decryptMessage({
              jid: from,
              type: type === 'pkmsg' ? 'pkmsg' : 'msg',
              ciphertext: bytes,
            });
      return proto.Message.decode(unpadRandomMax16(plain));
    },
    learn: (from, item) => signal.processSenderKeyDistributionMessage({ item, authorJid: from }),
  };
}

export function padded(message: proto.IMessage): Buffer {
  return Buffer.concat([proto.Message.encode(message).finish(), Buffer.from([1])]);
}

/** Takes one of the keys that the device uploaded for one use. */
function sessionWith(device: Device) {
  const preKey = device.preKeys.shift();
  const signed = device.signedPreKey ?? undefined;
  if (signed === undefined) throw new Error('The device has uploaded no keys.');
  return {
    registrationId: device.registration.readUInt32BE(0),
    identityKey: generateSignalPubKey(device.identityKey),
    signedPreKey: {
      keyId: bytesOf(signed, 'id').readUIntBE(0, 3),
      publicKey: generateSignalPubKey(bytesOf(signed, 'value')),
      signature: bytesOf(signed, 'signature'),
    },
    // When they have run out it goes without.
    ...(preKey !== undefined && {
      preKey: {
        keyId: bytesOf(preKey, 'id').readUIntBE(0, 3),
        publicKey: generateSignalPubKey(bytesOf(preKey, 'value')),
      },
    }),
  };
}

function memoryKeys(): SignalKeyStore {
  const rows = new Map<string, unknown>();
  return {
    get: async (type, ids) => {
      const found: { [id: string]: SignalDataTypeMap[typeof type] } = {};
      const isThere = (value: unknown): value is SignalDataTypeMap[typeof type] =>
        value !== null && value !== undefined;
      for (const id of ids) {
        const value = rows.get(`${type} ${id}`);
        if (isThere(value)) found[id] = value;
      }
      return found;
    },
    set: async (data: SignalDataSet) => {
      for (const [type, entries] of Object.entries(data)) {
        for (const [id, value] of Object.entries(entries ?? {})) {
          // A session is changed in place by whoever has it.
          rows.set(`${type} ${id}`, value === null ? null : structuredClone(value));
        }
      }
    },
  };
}
