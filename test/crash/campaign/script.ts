import type { FakeReply } from '#test/fakes/model/index.ts';
import type { FakeRequest, FakeToolCall } from '#test/fakes/model/protocol.ts';
import { answerWord, lastWord, messagesIn } from '../committed.ts';
import type { Stage } from '../history.ts';
import { askedTool } from '../tools.ts';
import type { Recorder } from './recorder.ts';

/** What a message may ask for, in its own words: the fake model knows nothing else. */
export const wish = { tools: 'use the tools', approval: 'ask me first', slowly: 'take your time' } as const;

const slowPieces = 9;
/** The first try of a slow answer takes longer than a preview needs; killed in it, it hurries to get through. */
const slowEveryMs = 220;
const hurriedEveryMs = 50;
const quickMs = 4;

type Message = FakeRequest['body']['messages'][number];

/** Answers all messages that wait, by name; asks for the three counted tools for each that wants them. */
export function createScript(recorder: Pick<Recorder, 'add'>): (request: FakeRequest) => FakeReply {
  const slowTries = new Map<string, number>();
  return (request) => {
    const fresh = afterLastAnswer(request.body.messages);
    const texts = fresh.filter(({ role }) => role === 'user').map(textOf);
    const messages = messagesIn(texts.join('\n'));
    const stage: Stage = fresh.some(({ role }) => role === 'tool') ? 'results' : 'start';
    recorder.add({ type: 'asked', at: request.receivedAt, messages, stage });
    const calls = stage === 'start' ? texts.flatMap((text) => callsFor(text, messages)) : [];
    if (calls.length > 0) return { toolCalls: calls, afterMs: quickMs };
    const answer = [answerWord[stage], ...messages];
    if (!texts.some((text) => text.includes(wish.slowly))) {
      return { text: [...answer, lastWord].join(' '), afterMs: quickMs };
    }
    const name = messages.join();
    const tries = slowTries.get(name) ?? 0;
    slowTries.set(name, tries + 1);
    const text = [...answer, 'word '.repeat(60), lastWord].join(' ');
    return { text, pieces: slowPieces, everyMs: tries === 0 ? slowEveryMs : hurriedEveryMs };
  };
}

function afterLastAnswer(messages: readonly Message[]): readonly Message[] {
  const last = messages.findLastIndex(
    ({ role, tool_calls: calls }) => role === 'assistant' && (calls ?? []).length === 0,
  );
  return messages.slice(last + 1);
}

/** `waiting`: all messages that the calls help to answer. */
function callsFor(text: string, waiting: readonly string[]): readonly FakeToolCall[] {
  const tools = text.includes(wish.tools) ? ['look', 'keep', 'ring'] : [];
  const names = text.includes(wish.approval) ? [askedTool] : tools;
  return messagesIn(text).flatMap((message) =>
    names.map((name) => ({
      id: `call_${name}_${message}`,
      name,
      arguments: JSON.stringify({ message, waiting }),
    })),
  );
}

function textOf({ content }: Message): string {
  return typeof content === 'string' ? content : '';
}
