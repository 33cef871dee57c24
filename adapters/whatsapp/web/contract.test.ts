import { readdirSync, readFileSync } from 'node:fs';
import { proto } from 'baileys';
import { z } from 'zod';
import type { ChatAddress } from '#core/address.ts';
import { inboundEventSchema } from '#core/event.ts';
import type { AdapterPort } from '#core/ports/adapter.ts';
import { type AdapterSubject, type Fixture, testAdapter } from '#test/contract/adapter.ts';
import { type TestDeps, createTestDeps, createTestSink } from '#test/fakes/sink.ts';
import { type FakeWhatsApp, startFakeWhatsApp } from '#test/fakes/whatsapp/index.ts';
import { createAtFake } from '#test/fakes/whatsapp/seam.ts';
import { until } from '#test/until.ts';

const ann = '4917000000100';
const group = '120363000000000001@g.us';

testAdapter({
  name: 'whatsapp (web)',
  setup: async () => {
    const fake = await startFakeWhatsApp();
    return { subject: subjectFor(fake), teardown: () => fake.close() };
  },
});

/** What is kept of the link outlives an adapter, as in the store. */
function subjectFor(fake: FakeWhatsApp): AdapterSubject {
  const { state } = createTestDeps();
  const ids = new Map<string, Promise<string>>();
  const rootKey = Buffer.from(fake.rootKey).toString('base64');
  fake.phone(ann);
  const say = (payload: unknown): Promise<string> => {
    const parsed = payloadSchema.safeParse(payload);
    if (!parsed.success) return fake.say(fake.phone(ann), '', { plain: Buffer.alloc(24, 0xff) });
    const { from, group, attrs, message } = parsed.data;
    const place = group === undefined ? {} : { group };
    return fake.say(fake.phone(from), '', {
      ...place,
      ...idIn(attrs),
      attrs,
      message: proto.Message.fromObject(message),
    });
  };
  return {
    create: (deps) =>
      startedBySends({ ...deps, state }, (own) =>
        createAtFake({ ...own, fetch }, { mode: 'web', server: fake.url, rootKey }),
      ),
    secrets: [rootKey, 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='],
    addresses: [address(ann), address('group-120363000000000001'), address('4917000000101')],
    fixtures: readFixtures(),
    deliver: (payload) => {
      const name = JSON.stringify(payload);
      const before = ids.get(name);
      if (before === undefined) ids.set(name, say(payload));
      else void before.then(fake.again);
    },
    say: (text, { chat }) => {
      const isGroup = chat.startsWith('group-');
      const mention = { mentionedJid: [fake.owner.jid] };
      const named = { extendedTextMessage: { text: `@15550001111 ${text}`, contextInfo: mention } };
      const from = fake.phone(isGroup ? ann : chat);
      void fake.say(from, text, isGroup ? { group, message: proto.Message.fromObject(named) } : {});
    },
    sayAsBot: (text) => {
      const recipient = `${ann}@s.whatsapp.net`;
      const deviceSentMessage = { destinationJid: recipient, message: { conversation: text } };
      void fake.say(fake.owner, '', { message: { deviceSentMessage }, attrs: { recipient } });
    },
    acknowledged: () => fake.deliveries.acknowledged(),
    shown: ({ chat }) => fake.screen(chat.startsWith('group-') ? group : chat).texts(),
    fault: (kind) => fake.trouble(kind, true),
    sendCalls: () => fake.calls.length,
    errorByFault: {
      'rate-limited': 'rate-limited',
      'server-error': 'unknown',
      forbidden: 'permanent',
      'lost-answer': 'unknown',
    },
    forged: null,
    rawOf: (payload) => {
      const { from, group, attrs, message } = payloadSchema.parse(payload);
      const phone = fake.phone(from);
      const place =
        group === undefined
          ? { from: phone.jid, sender_lid: phone.lid }
          : { from: group, participant: phone.jid, participant_lid: phone.lid };
      const kept: unknown = JSON.parse(
        JSON.stringify(proto.Message.fromObject(message)),
        (key, value: unknown) => (key === 'mediaKey' ? undefined : value),
      );
      return { attrs: { type: 'text', ...place, ...attrs }, message: kept };
    },
  };
}

const payloadSchema = z.object({
  from: z.string(),
  group: z.string().optional(),
  attrs: z.record(z.string(), z.string()),
  message: z.record(z.string(), z.unknown()),
});

function idIn({ id }: Readonly<Record<string, string>>): { readonly id?: string } {
  return id === undefined ? {} : { id };
}

/** Everything goes over the connection: where the suite sends without a start, it is opened by the first send. */
function startedBySends(deps: TestDeps, create: (deps: TestDeps) => AdapterPort): AdapterPort {
  const adapter = create(deps);
  const abort = new AbortController();
  let running: Promise<void> | null = null;
  return {
    ...adapter,
    start: (sink, signal) => (running = adapter.start(sink, signal)),
    send: async (delivery, signal) => {
      const sink = createTestSink();
      if (running === null) {
        running = adapter.start(sink, abort.signal);
        await until('it is up', () => sink.states.at(-1)?.state === 'up');
      }
      return await adapter.send(delivery, signal);
    },
    close: async () => {
      abort.abort();
      await adapter.close();
    },
  };
}

function address(chat: string): ChatAddress {
  return { channel: 'whatsapp', chat, thread: null };
}

function readFixtures(): readonly Fixture[] {
  const schema = z.object({
    name: z.string(),
    payload: z.unknown(),
    event: inboundEventSchema.omit({ raw: true }).nullable(),
  });
  const folder = `${import.meta.dirname}/fixtures`;
  return readdirSync(folder)
    .toSorted()
    .map((file) => schema.parse(JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'))));
}
