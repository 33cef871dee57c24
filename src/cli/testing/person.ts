import type { CliDeps } from '../deps.ts';
import { type Prompts, WizardCancelled } from '../wizard/prompts.ts';

/** What a URL answers; an Error is what fetch rejects with. */
export type Route = readonly [status: number, body: unknown] | Error;

/** A network where only these URLs answer. Records what was asked, with its authorization. */
export function network(
  routes: Readonly<Record<string, Route | (() => Route)>>,
): Pick<CliDeps, 'fetch'> & { seen: string[] } {
  const seen: string[] = [];
  const fetch = (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const text = url instanceof Request ? url.url : String(url);
    seen.push(`${text} ${new Headers(init?.headers).get('authorization') ?? '-'}`);
    const route = routes[text];
    const answer = typeof route === 'function' ? route() : route;
    if (answer === undefined) return Promise.reject(failure('ECONNREFUSED'));
    if (answer instanceof Error) return Promise.reject(answer);
    return Promise.resolve(Response.json(answer[1], { status: answer[0] }));
  };
  return { fetch, seen };
}

export const failure = (code: string): TypeError =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
/** A person who gives these answers, in order; 'cancel' is Ctrl-C. Records what they were told. */
export function person(script: readonly (string | boolean)[]): Prompts & { told: string[]; left: unknown[] } {
  const left = [...script];
  const told: string[] = [];
  const next = (question: string): string | boolean => {
    told.push(`? ${question}`);
    const answer = left.shift();
    if (answer === undefined) throw new Error(`no answer scripted for: ${question}`);
    if (answer === 'cancel') throw new WizardCancelled();
    return answer;
  };
  return {
    told,
    left,
    intro: () => undefined,
    outro: (text) => void told.push(text),
    note: (title, text) => void told.push(`${title}: ${text}`),
    good: (text) => void told.push(`+ ${text}`),
    bad: (text) => void told.push(`- ${text}`),
    select: (question, choices, first) => {
      const answer = next(question);
      const found = answer === '' ? first : choices.find(({ value }) => value === answer)?.value;
      if (found === undefined) throw new Error(`${String(answer)} is no choice of: ${question}`);
      return Promise.resolve(found);
    },
    text: (question, { check, initial }) => {
      const answer = String(next(question)) || (initial ?? '');
      const wrong = check(answer);
      return wrong === null ? Promise.resolve(answer) : Promise.reject(new Error(wrong));
    },
    secret: (question, check) => {
      const answer = String(next(question));
      const wrong = check(answer);
      return wrong === null ? Promise.resolve(answer) : Promise.reject(new Error(wrong));
    },
    confirm: (question) => Promise.resolve(next(question) === true),
    busy: (_what, work) => work,
  };
}
