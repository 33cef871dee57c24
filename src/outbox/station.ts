import type { FeedbackPort, PreviewPort } from '#core/ports/compose.ts';
import { createFeedback } from './feedback.ts';
import { type Outbox, type OutboxDeps, createOutbox } from './outbox.ts';
import { type PreviewDeps, createPreview } from './preview.ts';

/** Where words go out: rows of the outbox, the preview of a running answer, and "typing". */
export function createOutboxStation(deps: OutboxDeps & PreviewDeps): {
  readonly deliveries: Outbox;
  readonly preview: PreviewPort;
  readonly feedback: FeedbackPort;
} {
  return {
    deliveries: createOutbox(deps),
    preview: createPreview(deps, { firstAfterMs: 1_500, minChars: 24 }),
    feedback: createFeedback(deps),
  };
}
