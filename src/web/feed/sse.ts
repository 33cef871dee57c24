import type { LiveEvent } from '#core/ports/live.ts';
import type { Step } from '#core/step.ts';

/** One server-sent event. JSON has no raw line breaks, so `data` is always one line. */
export function toSse(event: {
  readonly id?: number;
  readonly event?: string;
  readonly data: unknown;
}): string {
  const id = event.id === undefined ? '' : `id: ${event.id}\n`;
  const name = event.event === undefined ? '' : `event: ${event.event}\n`;
  return `${id}${name}data: ${JSON.stringify(event.data)}\n\n`;
}

/** `id` = the step's sequence, `event` = its kind, `data` = where it belongs and its fields. */
export function stepToSse(step: Step, html: string | null): string {
  const { conversation, turn, at, body, seq } = step;
  const data = { conversation, turn, at, ...body, ...(html === null ? {} : { html }) };
  return toSse({ id: seq, event: body.kind, data });
}

/** Live events are not rows: without an id, a reader that resumes does not count them. */
export function liveToSse(live: LiveEvent): string {
  const { type, ...data } = live;
  return toSse({ event: type, data });
}

export const sseHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // Proxies that buffer would hold the stream back.
  'x-accel-buffering': 'no',
};
