import type { AdapterPort } from '#core/ports/adapter.ts';

type Hook = (request: Request) => Promise<Response>;

/** Who answers POST /hooks/<name>: the channels that take webhooks, by name. */
export function hooksOf(
  adapters: readonly Pick<AdapterPort, 'name' | 'handle'>[],
): ReadonlyMap<string, Hook> {
  return new Map(adapters.flatMap(({ name, handle }) => (handle === undefined ? [] : [[name, handle]])));
}
