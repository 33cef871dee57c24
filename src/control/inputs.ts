import { z } from 'zod';
import { isLanguage, isTimezone } from '#lib/text/locale.ts';
import type { ControlName, ControlSurface } from './surface.ts';

const none = z.strictObject({});
const limit = z.number().int().min(1).max(1_000);
const byId = z.strictObject({ id: z.string().min(1).max(128) });
const channel = z.string().min(1).max(64);
const eventless = { limit };
const locale = {
  timezone: z.string().refine(isTimezone, 'must be a time zone such as Europe/Rome').nullable().optional(),
  language: z.string().refine(isLanguage, 'must be a language such as it or pt-BR').nullable().optional(),
};

/** What each command takes from outside. */
export const inputSchemas: { readonly [K in ControlName]: z.ZodType<ControlSurface[K]['input']> } = {
  status: none,
  'channels.list': none,
  'channels.link': z.strictObject({ channel, phone: z.string().max(40).nullable() }),
  'channels.unlink': z.strictObject({ channel }),
  'conversations.list': z.strictObject(eventless),
  'conversations.show': byId,
  'turns.list': z.strictObject({
    status: z.enum(['running', 'parked', 'done', 'failed', 'cancelled', 'dead']).nullable(),
    conversation: z.string().max(128).nullable(),
    limit,
  }),
  'turns.show': byId,
  'turns.why': byId,
  'turns.cancel': byId,
  'turns.redrive': byId,
  'outbox.list': z.strictObject({
    status: z.enum(['queued', 'sending', 'sent', 'dead', 'cancelled']).nullable(),
    limit,
  }),
  'outbox.redrive': byId,
  'approvals.list': z.strictObject({
    status: z.enum(['pending', 'approved', 'denied', 'expired', 'void']).nullable(),
    limit,
  }),
  'approvals.decide': z.strictObject({
    id: z.string().min(1).max(16),
    decision: z.enum(['once', 'deny']),
    reason: z.string().max(2_000).nullable(),
  }),
  'people.list': none,
  'people.pair': z.strictObject({
    code: z.string().max(32).nullable(),
    handle: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'use lower-case letters, digits and dashes')
      .nullable(),
    role: z.enum(['owner', 'member', 'guest']).nullable(),
    ...locale,
  }),
  'people.refuse': z.strictObject({ code: z.string().min(1).max(32) }),
  'people.link': z.strictObject({ handle: z.string().min(1).max(64).nullable() }),
  'people.set': z.strictObject({ handle: z.string().min(1).max(64), ...locale }),
  'people.remove': z.strictObject({ identity: z.string().min(3).max(600) }),
  spend: z.strictObject({ days: z.number().int().min(1).max(366) }),
  doctor: z.strictObject({ offline: z.boolean(), area: z.string().max(64).optional() }),
  'config.show': none,
  models: none,
};
