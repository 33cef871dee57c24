/** Bounds of one call and of waiting; the defaults are the product's, tests hand in smaller ones. */
export interface ModelLimits {
  /** No byte for this long ends a call. */
  readonly idleMs: number;
  /** The same for a server on the own machine, which may read a long prompt for minutes. */
  readonly localIdleMs: number;
  readonly totalMs: number;
  /** A stream of more bytes than this is cut, whatever is in them. */
  readonly streamBytes: number;
  readonly backoff: { readonly firstMs: number; readonly maxMs: number; readonly jitter: number };
  /** Replies that came but could not be used (they may be billed), after which a request gives up. */
  readonly spoiledReplies: number;
}

export const defaultLimits: ModelLimits = {
  idleMs: 60_000,
  // Node's own HTTP client gives up after 300 s without a header.
  localIdleMs: 290_000,
  totalMs: 600_000,
  streamBytes: 64 * 1024 * 1024,
  backoff: { firstMs: 1_000, maxMs: 30_000, jitter: 0.2 },
  spoiledReplies: 4,
};
