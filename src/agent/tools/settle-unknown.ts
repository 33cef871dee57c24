import { type Moment, commit } from '../moment.ts';
import { unknownText } from '../wording.ts';
import type { ResultBody } from './plan.ts';

/** The result tells the model; the person is told as well, whatever the model makes of it. */
export async function settleUnknown(moment: Moment, result: ResultBody): Promise<void> {
  const { deps, run } = moment;
  const text = unknownText(result.tool);
  await commit(moment, {
    steps: [result, { kind: 'notice', text }],
    deliveries: deps.compose.say({
      chat: run.turn.chat,
      markdown: text,
      key: `unknown:${run.turn.id}:${moment.steps.at(-1)?.seq ?? 0}:${result.callId}`,
      replyTo: null,
      buttons: [],
      editOf: null,
    }),
    seal: true,
  });
}
