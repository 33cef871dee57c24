import type { AdapterPort } from '#core/ports/adapter.ts';
import { mebibyte } from './body.ts';

/** A door under /hooks/. */
export interface Hook {
  /** Largest body that is read at all; the adapter checks signature and content. */
  readonly maxBytes: number;
  handle(request: Request): Promise<Response>;
}

/** Who answers /hooks/<name>: the channels that take webhooks, by name. */
export function hooksOf(
  adapters: readonly Pick<AdapterPort, 'name' | 'handle' | 'hooks'>[],
): ReadonlyMap<string, Hook> {
  return new Map(
    adapters.flatMap(({ name, handle, hooks }) => {
      if (handle === undefined) return [];
      const { names, maxBytes } = hooks ?? { names: [name], maxBytes: 4 * mebibyte };
      return names.map((one): [string, Hook] => [one, { maxBytes, handle }]);
    }),
  );
}
