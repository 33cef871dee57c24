import { randomBytes } from 'node:crypto';
import {
  aesDecryptCTR,
  aesDecryptGCM,
  aesEncryptCTR,
  type BinaryNode,
  Curve,
  derivePairingCodeKey,
  hkdf,
  hmacSign,
  proto,
} from 'baileys';
import type { Connection } from './connection.ts';
import type { Device } from '../phone.ts';
import { bytesOf, firstChild, node, seconds, serverName } from './stanza.ts';

/** The phone that lets devices in. */
export interface Pairing {
  /** A client without a link asks to be let in. */
  offer(connection: Connection): void;
  /** The owner scans the QR code. Contract: throws for a code that nobody shows. */
  scan(qr: string): void;
  /** The owner types the code. Contract: rejects while no client has asked for one. */
  type(code: string): Promise<void>;
  /** What a client that is being let in says. True: it was about that. */
  hear(connection: Connection, stanza: BinaryNode): boolean;
}

export interface PairingOptions {
  readonly user: string;
  readonly lidUser: string;
  /** A device was let in. */
  onPaired(device: Device): void;
}

const accountPrefix = Buffer.from([6, 0]);

export function createPairing(options: PairingOptions): Pairing {
  const primary = Curve.generateKeyPair();
  const ephemeral = Curve.generateKeyPair();
  let asking: Connection | null = null;
  let wrapped: Buffer | null = null;
  let shared: Buffer | null = null;
  let devices = 0;

  return {
    offer: (connection) => {
      asking = connection;
      wrapped = null;
      const refs = Array.from({ length: 6 }, () =>
        node('ref', {}, Buffer.from(`2@${randomBytes(20).toString('base64')}`)),
      );
      connection.send(
        node('iq', { from: serverName, type: 'set', id: 'pd1' }, [node('pair-device', {}, refs)]),
      );
    },
    scan: (qr) => {
      const [, , identity, secret] = qr.replace(/^https:.*#/, '').split(',');
      const client = asking;
      if (client === null || identity !== identityOf(client).toString('base64'))
        throw new Error('Nobody shows this code.');
      letIn(client, Buffer.from(secret ?? '', 'base64'));
    },
    async type(code) {
      if (asking === null || wrapped === null) throw new Error('Nobody asked for a code.');
      const key = await derivePairingCodeKey(code, wrapped.subarray(0, 32));
      const companion = aesDecryptCTR(wrapped.subarray(48, 80), key, wrapped.subarray(32, 48));
      shared = Buffer.from(Curve.sharedKey(ephemeral.private, companion));
      const [salt, iv] = [randomBytes(32), randomBytes(16)];
      const sealed = aesEncryptCTR(ephemeral.public, await derivePairingCodeKey(code, salt), iv);
      const attrs = { from: serverName, type: 'link_code_companion_reg', id: 'lc1', t: seconds() };
      asking.send(
        node('notification', attrs, [
          node('link_code_companion_reg', { stage: 'primary_hello' }, [
            node('link_code_pairing_ref', {}, Buffer.from('ref')),
            node('primary_identity_pub', {}, primary.public),
            node('link_code_pairing_wrapped_primary_ephemeral_pub', {}, Buffer.concat([salt, iv, sealed])),
          ]),
        ]),
      );
    },
    hear: (connection, stanza) => {
      const child = firstChild(stanza);
      if (child?.tag === 'pair-device-sign') {
        // The link is made, and the client is to come again with it.
        connection.send(node('stream:error', { code: '515' }));
        setTimeout(() => connection.close(), 30);
        return true;
      }
      if (child?.tag !== 'link_code_companion_reg') return false;
      connection.send(node('iq', { from: serverName, type: 'result', id: stanza.attrs['id'] ?? '' }));
      if (child.attrs['stage'] === 'companion_hello')
        wrapped = bytesOf(child, 'link_code_pairing_wrapped_companion_ephemeral_pub');
      if (child.attrs['stage'] === 'companion_finish') finish(connection, child);
      return true;
    },
  };

  function finish(connection: Connection, child: BinaryNode): void {
    if (shared === null) return;
    const bundle = bytesOf(child, 'link_code_pairing_wrapped_key_bundle');
    const info = 'link_code_pairing_key_bundle_encryption_key';
    const key = Buffer.from(hkdf(shared, 32, { salt: bundle.subarray(0, 32), info }));
    const plain = aesDecryptGCM(bundle.subarray(44), key, bundle.subarray(32, 44), Buffer.alloc(0));
    const identity = Buffer.from(Curve.sharedKey(primary.private, identityOf(connection)));
    const secret = hkdf(Buffer.concat([shared, identity, plain.subarray(64)]), 32, { info: 'adv_secret' });
    letIn(connection, Buffer.from(secret));
  }

  function letIn(connection: Connection, advSecret: Buffer): void {
    devices += 1;
    const [jid, lid] = [`${options.user}:${devices}@${serverName}`, `${options.lidUser}:${devices}@lid`];
    const identityKey = identityOf(connection);
    options.onPaired({
      jid,
      lid,
      identityKey,
      registration: Buffer.alloc(4),
      signedPreKey: null,
      preKeys: [],
    });
    connection.send(
      node('iq', { from: serverName, type: 'set', id: 'ps1', t: seconds() }, [
        node('pair-success', {}, [
          node('device-identity', {}, signedIdentity(identityKey, advSecret)),
          node('device', { jid, lid }),
          node('platform', { name: 'android' }),
        ]),
      ]),
    );
  }

  /** The account's signature over the new device, in an HMAC with the secret of the code. */
  function signedIdentity(identityKey: Buffer, advSecret: Buffer): Uint8Array {
    const details = proto.ADVDeviceIdentity.encode({
      rawId: 1,
      timestamp: Number(seconds()),
      keyIndex: 1,
    }).finish();
    const identity = proto.ADVSignedDeviceIdentity.encode({
      details,
      accountSignatureKey: primary.public,
      accountSignature: Curve.sign(primary.private, Buffer.concat([accountPrefix, details, identityKey])),
    }).finish();
    const hmac = hmacSign(identity, advSecret);
    return proto.ADVSignedDeviceIdentityHMAC.encode({ details: identity, hmac }).finish();
  }
}

function identityOf({ payload }: Connection): Buffer {
  return Buffer.from(payload.devicePairingData?.eIdent ?? []);
}
