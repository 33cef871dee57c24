import type { ModelPort, ModelRequest } from '#core/ports/model.ts';

const nothing: ModelRequest = {
  model: null,
  messages: [],
  tools: [],
  maxOutputTokens: 1,
  person: '',
  lane: 'background',
  deadlineAt: 0,
};

/** A quarter of the default model's window in characters, at four a token: what one turn's messages may take. */
export function quarterOfWindow(model: ModelPort): () => number {
  return () => model.estimate(nothing).contextTokens;
}
