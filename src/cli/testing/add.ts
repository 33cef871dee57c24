import { addChannel, type Added, type AddOptions } from '../wizard/channel/add.ts';
import { channelPlatforms } from '../wizard/channel/index.ts';
import { createFake, type Fake, type FakeOptions } from './fake-deps.ts';
import { network, person } from './person.ts';

export interface AddedByTest extends Fake {
  readonly added: Added | null;
  /** What was asked on the network. */
  readonly seen: readonly string[];
  readonly told: string;
  /** Answers that nobody asked for. */
  readonly left: readonly unknown[] | undefined;
}

/** `tiro channels add` with a scripted person, or without questions, over a home in memory. */
export async function add(
  name: string,
  options: AddOptions & { readonly script?: readonly (string | boolean)[]; readonly input?: string },
  more: FakeOptions & { readonly routes?: Parameters<typeof network>[0] } = {},
): Promise<AddedByTest> {
  const net = network(more.routes ?? {});
  const fake = createFake({ ...more, deps: { fetch: net.fetch, ...more.deps } });
  const platform = channelPlatforms.find((one) => one.name === name);
  if (platform === undefined) throw new Error(`no ${name}`);
  const { script, input, ...rest } = options;
  if (input !== undefined) fake.stdin.end(input);
  const prompts = script === undefined ? undefined : person(script);
  const context = { deps: fake.deps, home: fake.deps.openHome(null), json: false };
  const added = await addChannel(context, platform, {
    ...rest,
    ...(prompts === undefined ? {} : { prompts }),
  });
  return { ...fake, added, seen: net.seen, told: prompts?.told.join('\n') ?? '', left: prompts?.left };
}
