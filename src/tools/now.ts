import { z } from 'zod';
import { type Tool, defineTool } from '#core/tool.ts';
import type { ClockPort } from '#core/ports/clock.ts';

const input = z.object({
  timezone: z
    .string()
    .refine(isTimezone, 'is no IANA time zone such as Europe/Rome')
    .optional()
    .describe('IANA time zone; default: the person’s own'),
});

export function createNowTool(deps: { readonly clock: ClockPort }): Tool {
  return defineTool({
    name: 'now',
    description: 'The current date and time.',
    input,
    effect: 'pure',
    timeoutMs: 1_000,
    resultLimit: 1_000,
    roles: ['owner', 'member'],
    run: async ({ timezone }, context) => {
      const zone = timezone ?? context.timezone ?? 'UTC';
      const now = deps.clock.now();
      const shown = new Intl.DateTimeFormat('en-GB', {
        timeZone: zone,
        dateStyle: 'full',
        timeStyle: 'long',
      }).format(now);
      return { ok: true, content: `${shown} (${zone}; ISO ${new Date(now).toISOString()})` };
    },
  });
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false; // RangeError is how Intl says that it does not know the zone
  }
}
