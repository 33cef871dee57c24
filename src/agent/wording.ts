import type { ModelError } from '#core/ports/model.ts';
import type { Approval } from '#core/policy.ts';
import type { Reservation } from '#core/spend.ts';

/** What the person reads when the model gave no answer. One plain sentence and what can be done. */
export function modelFailureText(error: ModelError): string {
  const retry = 'Your message is kept: send it again, or ask for it with `tiro turns redrive`.';
  switch (error.type) {
    case 'rate-limited':
    case 'transient':
      return `I could not reach the model: ${error.reason} ${retry}`;
    case 'context-too-long':
      return `This conversation no longer fits into the model: ${error.reason} Start a new one with /new.`;
    case 'auth':
      return `The model provider refused our key or account: ${error.reason} The owner can check it with \`tiro doctor\`.`;
    case 'refused':
      return `The model refused to answer: ${error.reason}`;
    case 'bad-request':
      return `The model provider did not understand the request: ${error.reason} The owner can check it with \`tiro doctor\`.`;
    case 'cancelled':
      return 'Stopped.';
  }
}

export function overBudgetText(over: Extract<Reservation, { ok: false }>): string {
  const scope = over.scope === 'turn' ? 'this one answer' : 'today';
  return (
    `This would go over the budget for ${scope}: ${money(over.usedUsd)} of ${money(over.limitUsd)} is used or reserved for answers in the making. ` +
    'The owner can raise it under `budget` in config.yaml.'
  );
}

function money(usd: number): string {
  return `$${usd.toFixed(usd < 0.1 ? 4 : 2)}`;
}

export function approvalText(approval: Pick<Approval, 'id' | 'plan' | 'why'>): string {
  const { id, plan, why } = approval;
  return [
    `**Approval ${id}**: may I run \`${plan.tool}\`? (${why})`,
    `\`\`\`json\n${plainJson(plan.arguments)}\n\`\`\``,
    `Reply \`approve ${id}\` or \`deny ${id}\`, with a reason if you like.`,
  ].join('\n\n');
}

/**
 * The same JSON with everything escaped that could make it look like something else: characters that are not seen or
 * turn the line around, and the fence of the block it stands in.
 */
function plainJson(json: string): string {
  return json.replaceAll(
    /[\p{C}\u{115F}\u{1160}\u{2800}\u{3164}\u{FFA0}]|(?! )\p{Z}|`(?=``)/gu,
    (character) =>
      Array.from(
        { length: character.length },
        (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
      ).join(''),
  );
}

export function limitText(limit: 'calls' | 'tokens' | 'time'): string {
  const what = { calls: 'model calls', tokens: 'tokens', time: 'time' }[limit];
  return `I stopped: this answer used up the ${what} a single turn may take. Ask me to go on if you want more.`;
}

export function unknownText(tool: string): string {
  return `I do not know whether \`${tool}\` happened: it began and I have no result of it. I do not run it again by myself.`;
}

export const emptyReplyText = 'The model gave an empty answer. Please ask again, perhaps in other words.';
export const refusedReplyText = 'The model refused to answer this.';
export const cutReplyText = '(The answer was cut off here: it reached the longest length. Ask me to go on.)';
