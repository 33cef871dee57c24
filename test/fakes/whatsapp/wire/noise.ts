import { Curve, type KeyPair, aesDecryptGCM, aesEncryptGCM, hkdf, proto, sha256 } from 'baileys';

/** The server's half of the Noise XX handshake and of the encrypted transport behind it. */
export interface ServerNoise {
  /** Answers the client's hello: ephemeral key, encrypted static key, encrypted certificates. */
  hello(intro: Uint8Array, clientEphemeral: Uint8Array): Uint8Array;
  /** Reads the client's finish and changes to the keys of the transport. */
  finish(from: { readonly static: Uint8Array; readonly payload: Uint8Array }): proto.ClientPayload;
  seal(plain: Uint8Array): Buffer;
  open(sealed: Uint8Array): Buffer;
}

const none = Buffer.alloc(0);

export function createServerNoise(staticKey: KeyPair, certificates: Uint8Array): ServerNoise {
  const ephemeral = Curve.generateKeyPair();
  let hash = Buffer.from('Noise_XX_25519_AESGCM_SHA256\0\0\0\0');
  let [salt, key] = [hash, hash];
  let [counter, reads, writes] = [0, 0, 0];
  let [readKey, writeKey] = [none, none];

  return {
    hello: (intro, clientEphemeral) => {
      mixHash(intro);
      mixHash(clientEphemeral);
      mixHash(ephemeral.public);
      mixKey(Curve.sharedKey(ephemeral.private, clientEphemeral));
      const encryptedStatic = encrypt(staticKey.public);
      mixKey(Curve.sharedKey(staticKey.private, clientEphemeral));
      const serverHello = {
        ephemeral: ephemeral.public,
        static: encryptedStatic,
        payload: encrypt(certificates),
      };
      return proto.HandshakeMessage.encode({ serverHello }).finish();
    },
    finish: (from) => {
      const clientStatic = decrypt(from.static);
      mixKey(Curve.sharedKey(ephemeral.private, clientStatic));
      const payload = decrypt(from.payload);
      const keys = Buffer.from(hkdf(none, 64, { salt, info: '' }));
      [readKey, writeKey] = [keys.subarray(0, 32), keys.subarray(32)];
      return proto.ClientPayload.decode(payload);
    },
    seal: (plain) => aesEncryptGCM(plain, writeKey, nonce(writes++), none),
    open: (sealed) => aesDecryptGCM(sealed, readKey, nonce(reads++), none),
  };

  function mixHash(data: Uint8Array): void {
    hash = Buffer.from(sha256(Buffer.concat([hash, data])));
  }

  function mixKey(data: Uint8Array): void {
    const keys = Buffer.from(hkdf(Buffer.from(data), 64, { salt, info: '' }));
    [salt, key, counter] = [keys.subarray(0, 32), keys.subarray(32), 0];
  }

  function encrypt(plain: Uint8Array): Buffer {
    const sealed = aesEncryptGCM(plain, key, nonce(counter++), hash);
    mixHash(sealed);
    return sealed;
  }

  function decrypt(sealed: Uint8Array): Buffer {
    const plain = aesDecryptGCM(sealed, key, nonce(counter++), hash);
    mixHash(sealed);
    return plain;
  }
}

function nonce(counter: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(counter, 8);
  return bytes;
}

/** The root key signs an intermediate key, which signs the server's static key. */
export function certificatesFor(rootKey: KeyPair, staticKey: KeyPair): Uint8Array {
  const { Details } = proto.CertChain.NoiseCertificate;
  const intermediateKey = Curve.generateKeyPair();
  const now = Math.floor(Date.now() / 1000);
  const sign = (signer: KeyPair, names: { serial: number; issuerSerial: number; key: Uint8Array }) => {
    const details = Details.encode({ ...names, notBefore: now - 9, notAfter: now + 900_000 }).finish();
    return { details, signature: Curve.sign(signer.private, details) };
  };
  return proto.CertChain.encode({
    intermediate: sign(rootKey, { serial: 1, issuerSerial: 0, key: intermediateKey.public }),
    leaf: sign(intermediateKey, { serial: 2, issuerSerial: 1, key: staticKey.public }),
  }).finish();
}
