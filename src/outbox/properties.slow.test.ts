import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ChatKey } from '#core/address.ts';
import { repeatedMark } from '#outbox/compose.ts';
import type { Answer } from '#test/outbox/channel.ts';
import { type OutboxWorld, type TestGateway, createOutboxWorld } from '#test/outbox/world.ts';

const fates = {
  ok: 'ok',
  lost: 'lost',
  throws: { throws: 'a defect' },
  dropped: { type: 'unknown', reason: 'no answer' },
  transient: { type: 'transient', reason: 'refused' },
  limited: { type: 'rate-limited', retryAfterMs: 5_000, reason: 'slow down' },
  permanent: { type: 'permanent', reason: 'no' },
  format: { type: 'format-refused', reason: 'what?' },
} as const satisfies Record<string, Answer>;

type Fate = keyof typeof fates;
const fateOf = fc.constantFrom<Fate[]>(
  'ok',
  'lost',
  'throws',
  'dropped',
  'transient',
  'limited',
  'permanent',
);
/** A platform that knows a message by its key does not refuse its format later. */
const anyFate = fc.oneof(
  { weight: 6, arbitrary: fateOf },
  { weight: 1, arbitrary: fc.constant<Fate>('format') },
);
const places = ['telegram:a', 'telegram:b', 'discord:a'] as const;

type Move =
  | { readonly move: 'say'; readonly place: (typeof places)[number] }
  | { readonly move: 'tick' | 'restart' | 'pump' }
  | { readonly move: 'pass'; readonly ms: number };

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ move: fc.constant('say' as const), place: fc.constantFrom(...places) }),
  },
  { weight: 4, arbitrary: fc.constant<Move>({ move: 'tick' }) },
  { weight: 2, arbitrary: fc.constant<Move>({ move: 'pump' }) },
  {
    weight: 3,
    arbitrary: fc.record({ move: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 70_000 }) }),
  },
  { weight: 1, arbitrary: fc.constant<Move>({ move: 'restart' }) },
);

const stories = fc.record({
  moves: fc.array(move, { minLength: 4, maxLength: 24 }),
  telegramA: fc.array(anyFate, { maxLength: 10 }),
  telegramB: fc.array(anyFate, { maxLength: 10 }),
  discordA: fc.array(fateOf, { maxLength: 10 }),
});

/** One world for all runs, each in chats of its own: opening a store is most of the time. */
test('whatever calls meet and whenever it dies: in order per chat, nothing lost, no unmarked repeat', async () => {
  const world = await createOutboxWorld();
  const channels = {
    telegram: world.channel('telegram'),
    discord: world.channel('discord', { sendSemantics: 'idempotent' }),
  };
  let gateway: TestGateway = world;
  let run = 0;

  await fc.assert(
    fc.asyncProperty(stories, async ({ moves, ...calls }) => {
      run += 1;
      const chatOf = (place: string): ChatKey =>
        `${place.startsWith('t') ? 'telegram' : 'discord'}:${run}${place.slice(-1)}`;
      const said = new Map<ChatKey, string[]>(places.map((place) => [chatOf(place), []]));
      channels.telegram.scripts.set(
        chatOf('telegram:a'),
        calls.telegramA.map((fate) => fates[fate]),
      );
      channels.telegram.scripts.set(
        chatOf('telegram:b'),
        calls.telegramB.map((fate) => fates[fate]),
      );
      channels.discord.scripts.set(
        chatOf('discord:a'),
        calls.discordA.map((fate) => fates[fate]),
      );
      for (const step of moves) await play(step, chatOf, said);
      await finish(world, gateway);
      for (const [chat, texts] of said) await check(chat, texts);
    }),
    { numRuns: 25 },
  );

  async function play(
    step: Move,
    chatOf: (place: string) => ChatKey,
    said: Map<ChatKey, string[]>,
  ): Promise<void> {
    switch (step.move) {
      case 'say': {
        const chat = chatOf(step.place);
        const texts = said.get(chat) ?? [];
        texts.push(`text ${texts.length}`);
        await world.say(chat, `text ${texts.length - 1}`);
        return;
      }
      case 'tick':
        await gateway.deliveries.tick();
        return;
      case 'pump':
        return gateway.pump();
      case 'pass':
        return world.clock.pass(step.ms);
      case 'restart':
        gateway = await world.restart();
    }
  }

  async function check(chat: ChatKey, texts: readonly string[]): Promise<void> {
    const channel = chat.startsWith('telegram') ? channels.telegram : channels.discord;
    const shown = channel.shown(chat);
    const plain = shown.map((text) => text.replace(`\n${repeatedMark}`, ''));
    const dead = await deadIn(gateway, chat);
    const inOrder = [...new Set(plain)];
    expect(inOrder).toEqual(texts.filter((text) => plain.includes(text)));
    expect(texts.filter((text) => !plain.includes(text) && !dead.has(text))).toEqual([]);
    const unmarked = shown.filter((text) => !text.endsWith(repeatedMark));
    expect(unmarked).toEqual([...new Set(unmarked)]);
    if (channel === channels.discord) expect(shown).toEqual(unmarked);
  }
}, 60_000);

type Scene =
  | { readonly move: 'show' | 'tick' | 'pump' | 'restart' }
  | { readonly move: 'pass'; readonly ms: number };

const scene: fc.Arbitrary<Scene> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Scene>({ move: 'show' }) },
  { weight: 3, arbitrary: fc.constantFrom<Scene[]>({ move: 'tick' }, { move: 'pump' }) },
  {
    weight: 4,
    arbitrary: fc.record({ move: fc.constant('pass' as const), ms: fc.integer({ min: 500, max: 9_000 }) }),
  },
  { weight: 1, arbitrary: fc.constant<Scene>({ move: 'restart' }) },
);

test('however an answer was previewed: its final text stands once, unless marked, and what follows stands below', async () => {
  const world = await createOutboxWorld();
  const telegram = world.channel('telegram', { editEveryMs: 1_000 });
  let gateway: TestGateway = world;
  let run = 0;

  await fc.assert(
    fc.asyncProperty(
      fc.array(scene, { minLength: 3, maxLength: 14 }),
      fc.array(anyFate, { maxLength: 6 }),
      async (scenes, calls) => {
        run += 1;
        const chat: ChatKey = `telegram:${run}`;
        telegram.scripts.set(
          chat,
          calls.map((fate) => fates[fate]),
        );
        const turn = await world.beginTurn(chat);
        let words = 'an answer that is being written';
        for (const step of scenes) {
          if (step.move === 'show') {
            words += ' on';
            gateway.preview.show(turn, words, () => Promise.resolve(true));
          } else if (step.move === 'pass') await world.clock.pass(step.ms);
          else if (step.move === 'pump') await gateway.pump();
          else if (step.move === 'tick') await gateway.deliveries.tick();
          else {
            await gateway.preview.finish(turn);
            gateway = await world.restart();
            await gateway.store.turns.resume({ turn: turn.id, solo: false, at: world.clock.now() });
          }
        }
        await world.endTurn(turn, 'the final text', gateway);
        await world.say(chat, 'what follows');
        await finish(world, gateway);
        const dead = await deadIn(gateway, chat);
        const shown = telegram.shown(chat);
        const plain = shown.map((text) => text.replace(`\n${repeatedMark}`, ''));
        for (const text of ['the final text', 'what follows']) {
          expect([...plain, ...dead]).toContain(text);
          expect(shown.filter((one) => one === text).length).toBeLessThanOrEqual(1);
        }
        if (plain.includes('what follows')) {
          const below = new Set(plain.slice(plain.indexOf('what follows')));
          expect([...below]).toEqual(['what follows']);
        }
        const isCalm = calls.every((fate) => fate === 'ok' || fate === 'transient' || fate === 'limited');
        if (isCalm && !scenes.some(({ move }) => move === 'restart'))
          expect(shown).toEqual(['the final text', 'what follows']);
      },
    ),
    { numRuns: 25 },
  );
}, 60_000);

/** Lets time pass until every row has ended. */
async function finish({ clock }: OutboxWorld, gateway: TestGateway): Promise<void> {
  for (let rounds = 0; rounds < 60; rounds += 1) {
    await gateway.pump();
    if ((await gateway.store.outbox.countByStatus()).queued === 0) return;
    await clock.pass(400_000);
  }
  throw new Error('There are rows that never end.');
}

async function deadIn({ store }: TestGateway, chat: ChatKey): Promise<ReadonlySet<string>> {
  const rows = await store.outbox.list({ status: 'dead', limit: 1_000 });
  return new Set(
    rows.flatMap((row) => (row.chat === chat && 'markdown' in row.body ? [row.body.markdown] : [])),
  );
}
