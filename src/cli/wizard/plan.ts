import type { ConfigEdit } from '../deps.ts';
import type { ModelAnswer } from './model.ts';
import type { SecretReference } from './secret.ts';
import type { TelegramAnswer } from './telegram.ts';

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

export function telegramEdits(token: Written): readonly ConfigEdit[] {
  return [{ path: ['channels', 'telegram', 'token'], value: token }];
}

export interface Answers {
  readonly model: ModelAnswer | null;
  readonly telegram: TelegramAnswer | null;
}

/** What is left to do, in order. `started`: the gateway starts right after. */
export function nextSteps({ model, telegram }: Answers, started: boolean): string {
  const variables = [model?.secret?.reference, telegram?.secret.reference]
    .filter((reference): reference is SecretReference => reference?.keep === 'environment')
    .map(({ name }) => name);
  const steps = [
    ...(variables.length === 0 ? [] : [`Set ${variables.join(' and ')} wherever the gateway starts.`]),
    ...(started ? [] : ['Start the gateway: tiro start']),
    'Talk in the browser (the link that the start prints) or here: tiro chat',
    ...(telegram === null
      ? []
      : [`Pair yourself: tiro people pair, then send the code to ${botName(telegram)} as it says.`]),
    ...(model === null ? ['Set up a model when you want real answers: tiro init'] : []),
  ];
  return steps.map((step, index) => `${index + 1}. ${step}`).join('\n');
}

function botName({ bot }: TelegramAnswer): string {
  return bot === null ? 'your bot' : `@${bot}`;
}
