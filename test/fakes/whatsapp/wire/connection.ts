import { type BinaryNode, type KeyPair, decodeBinaryNode, encodeBinaryNode, proto } from 'baileys';
import type { RawData, WebSocket } from 'ws';
import { createServerNoise } from './noise.ts';

export interface Connection {
  readonly payload: proto.ClientPayload;
  readonly isOpen: () => boolean;
  send(stanza: BinaryNode): void;
  /** Says farewell. */
  close(): void;
  /** Breaks off. */
  cut(): void;
}

export interface Handlers {
  /** The handshake is over: who is it? */
  onReady(connection: Connection): void;
  /** One after another. */
  onNode(connection: Connection, stanza: BinaryNode): Promise<void>;
}

/** The wire of one client: a header, then frames behind their length, the first three of them the handshake. */
export function accept(
  socket: WebSocket,
  keys: { readonly staticKey: KeyPair; readonly certificates: Uint8Array },
  handlers: Handlers,
): void {
  const noise = createServerNoise(keys.staticKey, keys.certificates);
  let state: 'intro' | 'hello' | 'finish' | 'ready' = 'intro';
  let [buffer, intro] = [Buffer.alloc(0), Buffer.alloc(0)];
  let queue: Promise<void> = Promise.resolve();
  let connection: Connection | null = null;
  socket.on('error', () => undefined);
  socket.on('message', (data: RawData) => {
    buffer = Buffer.concat([
      buffer,
      ...(Array.isArray(data)
        ? data
        : [Buffer.from(data instanceof ArrayBuffer ? new Uint8Array(data) : data)]),
    ]);
    if (state === 'intro' && buffer.length >= 4) {
      [intro, buffer] = [buffer.subarray(0, 4), buffer.subarray(4)];
      state = 'hello';
    }
    while (buffer.length >= 3) {
      const length = buffer.readUIntBE(0, 3);
      if (buffer.length < length + 3) return;
      const frame = buffer.subarray(3, length + 3);
      buffer = buffer.subarray(length + 3);
      take(frame);
    }
  });

  function take(frame: Buffer): void {
    if (state === 'hello') {
      const ephemeral = proto.HandshakeMessage.decode(frame).clientHello?.ephemeral ?? Buffer.alloc(0);
      sendFrame(noise.hello(intro, ephemeral));
      state = 'finish';
      return;
    }
    if (state === 'finish') {
      const { clientFinish } = proto.HandshakeMessage.decode(frame);
      const payload = noise.finish({
        static: clientFinish?.static ?? Buffer.alloc(0),
        payload: clientFinish?.payload ?? Buffer.alloc(0),
      });
      state = 'ready';
      connection = connectionOf(payload);
      handlers.onReady(connection);
      return;
    }
    const plain = noise.open(frame);
    queue = hearNext(queue, plain);
    queue.catch((error: unknown) => console.error('The fake of WhatsApp failed.', error));
  }

  async function hearNext(before: Promise<void>, plain: Buffer): Promise<void> {
    await before;
    if (connection !== null) await handlers.onNode(connection, await decodeBinaryNode(plain));
  }

  function connectionOf(payload: proto.ClientPayload): Connection {
    return {
      payload,
      isOpen: () => socket.readyState === socket.OPEN,
      send: (stanza) => sendFrame(noise.seal(encodeBinaryNode(stanza))),
      close: () => socket.close(),
      cut: () => socket.terminate(),
    };
  }

  function sendFrame(data: Uint8Array): void {
    if (socket.readyState !== socket.OPEN) return;
    const length = Buffer.alloc(3);
    length.writeUIntBE(data.length, 0, 3);
    socket.send(Buffer.concat([length, data]));
  }
}
