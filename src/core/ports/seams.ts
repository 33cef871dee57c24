import type { Rule } from '../policy.ts';
import type { StorePort } from '../store/store.ts';
import type { Tool } from '../tool.ts';
import type { AdapterPort, Platform } from './adapter.ts';
import type { ClockPort } from './clock.ts';
import type { ModelPort } from './model.ts';

/** What tests put between the parts of the composition: further tools, and wrappers that watch, fail or kill. */
export interface Seams {
  readonly tools: readonly Tool[];
  readonly rules: readonly Rule[];
  readonly platforms: readonly Platform[];
  readonly clock: (clock: ClockPort) => ClockPort;
  readonly store: (store: StorePort) => StorePort;
  readonly model: (model: ModelPort) => ModelPort;
  readonly adapter: (adapter: AdapterPort) => AdapterPort;
}

/** The product puts nothing. */
export const noSeams: Seams = {
  tools: [],
  rules: [],
  platforms: [],
  clock: (it) => it,
  store: (it) => it,
  model: (it) => it,
  adapter: (it) => it,
};
