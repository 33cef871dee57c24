import type { ConfigEdit } from '../deps.ts';
import type { ChannelAnswer } from './channel/ask.ts';
import { channelSteps, channelVariables, madeSecrets } from './channel/write.ts';
import type { ModelAnswer } from './model.ts';

/** A secret as config.yaml names it. */
type Written = string | { readonly file: string };

/** What the answers change in config.yaml. A provider of the same name is replaced, any other stays. */
export function modelEdits(answer: ModelAnswer, apiKey: Written | null): readonly ConfigEdit[] {
  const provider = {
    ...(answer.preset === null ? {} : { preset: answer.preset }),
    baseUrl: answer.baseUrl,
    ...(apiKey === null ? {} : { apiKey }),
  };
  return [
    { path: ['model', 'default'], value: `${answer.provider}/${answer.model}` },
    { path: ['model', 'providers', answer.provider], value: provider },
  ];
}

export interface Answers {
  readonly model: ModelAnswer | null;
  readonly channels: readonly ChannelAnswer[];
}

/** What is left to do, in order. `started`: the gateway starts right after. */
export function nextSteps(answers: Answers, started: boolean): string {
  const { model, channels } = answers;
  const variables = Object.keys(assumedVariables(answers));
  const steps = [
    ...(variables.length === 0 ? [] : [`Set ${variables.join(' and ')} wherever the gateway starts.`]),
    ...(started ? [] : ['Start the gateway: tiro start']),
    'Talk in the browser (the link that the start prints) or here: tiro chat',
    ...channels.flatMap(madeLines),
    ...channels.flatMap(channelSteps),
    ...(model === null ? ['Set up a model when you want real answers: tiro init'] : []),
  ];
  return numbered(steps);
}

/** Secrets that were made here are shown this once. */
function madeLines(channel: ChannelAnswer): readonly string[] {
  return Object.entries(madeSecrets(channel)).map(
    ([key, value]) => `Note down the ${key} of ${channel.platform.title}, it is not shown again: ${value}`,
  );
}

function numbered(steps: readonly string[]): string {
  return steps.map((step, index) => `${index + 1}. ${step}`).join('\n');
}

/** Variables that shall be set at the next start: they count as set while the new config.yaml is checked. */
export function assumedVariables({ model, channels }: Answers): Readonly<Record<string, string>> {
  const key = model?.secret ?? null;
  const ofModel =
    key !== null && key.reference.keep === 'environment' ? { [key.reference.name]: key.value } : {};
  return Object.assign({}, ofModel, ...channels.map(channelVariables));
}
