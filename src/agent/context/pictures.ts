import type { ModelImage, ModelMessage } from '#core/ports/model.ts';
import type { StepBody } from '#core/step.ts';

/** At least so many of the newest pictures are shown, and fewer than twice as many. */
const leastShown = 4;

export function imagesOf({
  outcome,
  mime,
  path,
}: Extract<StepBody, { kind: 'media' }>): readonly ModelImage[] {
  return outcome === 'image' && path !== null ? [{ path, mime }] : [];
}

/**
 * Pictures are dear and long: only the newest are shown, of the others stays the line that names them. Which ones changes
 * with every fourth picture, not with each, so that a prompt's prefix is the same for many turns.
 */
export function newestPictures(messages: readonly ModelMessage[]): readonly ModelMessage[] {
  const count = messages.reduce((sum, message) => sum + picturesIn(message), 0);
  if (count < 2 * leastShown) return messages;
  let hidden = Math.floor((count - leastShown) / leastShown) * leastShown;
  return messages.map((message) => {
    if (message.role !== 'user' || picturesIn(message) === 0 || hidden === 0) return message;
    const images = message.images?.slice(hidden) ?? [];
    const gone = picturesIn(message) - images.length;
    hidden -= gone;
    const content = `${message.content}\n[${gone} of these pictures ${gone === 1 ? 'is' : 'are'} not shown again]`;
    return images.length === 0 ? { role: 'user', content } : { role: 'user', content, images };
  });
}

function picturesIn(message: ModelMessage): number {
  return message.role === 'user' ? (message.images?.length ?? 0) : 0;
}
