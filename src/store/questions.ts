import { type Answer, type Request, fromPlainError } from './protocol.ts';

/** A request that has no id yet. */
export type Question = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;

export interface Questions {
  ask(question: Question): Promise<unknown>;
  settle(answers: readonly Answer[]): void;
  /** Rejects what waits and all that is asked later. */
  refuse(error: Error): void;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Questions that wait for their answers, matched by id. */
export function createQuestions(post: (request: Request) => void): Questions {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let refused: Error | null = null;

  return {
    ask: (question) => {
      if (refused !== null) return Promise.reject(refused);
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      post({ ...question, id: lastId });
      return promise;
    },
    settle: (answers) => {
      for (const answer of answers) {
        const asked = waiting.get(answer.id);
        waiting.delete(answer.id);
        if (answer.ok) asked?.resolve(answer.value);
        else asked?.reject(fromPlainError(answer.error));
      }
    },
    refuse: (error) => {
      refused ??= error;
      for (const asked of waiting.values()) asked.reject(error);
      waiting.clear();
    },
  };
}
