import { TiroError } from '#core/errors.ts';
import { rightsByRole } from '#core/person.ts';
import type { ControlDeps } from './deps.ts';
import { type Handlers, createHandlers } from './handlers.ts';
import { inputSchemas } from './inputs.ts';
import type { Actor, ControlName, ControlPort, ControlSurface } from './surface.ts';

/** The command surface: right → schema → handler. See ControlPort for the contract. */
export function createControl(deps: ControlDeps): ControlPort {
  const handlers = createHandlers(deps);
  return {
    run: (name, input, actor) => runChecked(handlers, { name, input }, actor),
    runUntrusted: async (name, input, actor) => {
      if (!isControlName(name)) throw new TiroError('not-found', `There is no command ${name}.`);
      requireRight(name, actor);
      return runChecked(handlers, { name, input: parseInput(name, input) }, actor);
    },
  };
}

async function runChecked<K extends ControlName>(
  handlers: Handlers,
  call: { readonly name: K; readonly input: ControlSurface[K]['input'] },
  actor: Actor,
): Promise<ControlSurface[K]['output']> {
  requireRight(call.name, actor);
  return handlers[call.name](call.input, actor);
}

function requireRight(name: ControlName, { role }: Actor): void {
  if (rightsByRole[role].commands === 'all') return;
  throw new TiroError('denied', `A ${role} may not use ${name}.`);
}

function isControlName(name: string): name is ControlName {
  return Object.hasOwn(inputSchemas, name);
}

function parseInput<K extends ControlName>(name: K, input: unknown): ControlSurface[K]['input'] {
  const parsed = inputSchemas[name].safeParse(input);
  if (parsed.success) return parsed.data;
  const why = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`);
  throw new TiroError('bad-input', why.join('; '));
}
