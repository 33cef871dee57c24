import type { Check, ControlDeps } from '#control/deps.ts';
import { type Commands, createCommands } from '#control/commands/commands.ts';
import { createControl } from '#control/control.ts';
import { createLinking } from '#control/people/linking.ts';
import type { ControlPort } from '#control/surface.ts';
import type { Inbox } from '#inbox/inbox.ts';
import type { TestGround } from './ground.ts';
import { createTestInbox } from './inbox.ts';
import { type Words, written } from './words.ts';

export interface TestControl {
  readonly control: ControlPort;
  readonly commands: Commands;
  /** Somebody sends a command in a chat that is pushed to; the answer, delivered, or null for silence. */
  command(text: string, words?: Words): Promise<string | null>;
}

export const owner = { person: 'ann', role: 'owner', via: 'test' } as const;

/** The command surface and the chat commands, over the rows of a test. */
export function createTestControl(
  ground: TestGround,
  { inbox }: { readonly inbox: Inbox } = createTestInbox(ground),
  checks: readonly Check[] = [],
): TestControl {
  const { store } = ground;
  const names = ['fake/large', 'fake/small'];
  const deps: ControlDeps = {
    ...ground,
    process: () => ({
      version: '1.2.3',
      home: '/home',
      model: 'fake/large',
      demo: false,
      ready: true,
      notReady: [],
      rssBytes: 1,
      eventLoopP99Ms: 1,
    }),
    channels: () => [],
    adapters: [],
    models: () => names,
    checks,
    config: () => Promise.resolve({ path: '/home/config.yaml', yaml: '', problems: [] }),
  };
  const commands = createCommands({
    ...deps,
    model: { names: () => names },
    useCode: createLinking({ ...deps, ...store }),
    defaultQueueMode: () => 'queue',
  });
  return { control: createControl(deps), commands, command };

  async function command(text: string, words: Words = {}): Promise<string | null> {
    const before = await newest();
    const event = written(text, words);
    await inbox.accept(event.chat.channel, [event], null);
    await commands.tick();
    const answer = await newest();
    await ground.deliver();
    return answer === null || answer.id === before?.id ? null : answer.markdown;
  }

  async function newest(): Promise<{ readonly id: string; readonly markdown: string } | null> {
    const [row] = await store.outbox.list({ status: null, limit: 1 });
    return row !== undefined && 'markdown' in row.body ? { id: row.id, markdown: row.body.markdown } : null;
  }
}
