import { Resolver } from 'node:dns/promises';
import type { Abilities } from '#core/delivery.ts';
import type { AdapterDeps, AdapterPort, SinkPort } from '#core/ports/adapter.ts';
import type { RandomPort } from '#core/ports/clock.ts';
import { within } from '#lib/net/within.ts';
import { type Heard, checkEmail } from './check.ts';
import { createDesk, fetchPart } from './desk.ts';
import { type Mail, type Reading, createReader } from './message.ts';
import { createPace } from './pace.ts';
import type { Resolve } from './read/proof.ts';
import { createReceive } from './receive.ts';
import { createLookup, createSend, mostFileBytes } from './send.ts';
import { type EmailSettings, emailSettingsSchema } from './settings.ts';
import { createThreads } from './threads.ts';

export interface EmailDeps extends AdapterDeps {
  readonly random: RandomPort;
  /** Absent: the DNS servers of this machine. */
  readonly resolve?: Resolve;
}

const cannot = { edits: false, drafts: false, typing: false, buttons: false, reactions: false } as const;
const abilities: Abilities = {
  ...cannot,
  threads: true,
  files: { maxBytes: mostFileBytes },
  dialects: ['email-html', 'plain'],
  // Gmail cuts longer ones off.
  maxText: 90_000,
  countedAs: 'utf16',
  delivery: 'push',
  sendSemantics: 'reconcilable',
  editEveryMs: 0,
  sendEveryMs: 100,
  // Two mails of one thread, one right after the other, are one letter.
  coalesce: true,
};

const checkMs = 60_000;
const dns = { timeout: 5_000, tries: 2 };

/** Contract: throws a ZodError where `settings` are not those of `channels.email`. */
export function buildEmail(deps: EmailDeps, settings: unknown): AdapterPort {
  return createEmail(deps, emailSettingsSchema.parse(settings));
}

/** Mail by IMAP and SMTP. Who a mail is from is proven or it is not heard (decision 035). */
export function createEmail(deps: EmailDeps, settings: EmailSettings): AdapterPort {
  const { clock } = deps;
  const resolver = new Resolver(dns);
  const resolve = deps.resolve ?? ((name, type) => answersOf(resolver.resolve(name, type)));
  const threads = createThreads(deps);
  const desk = createDesk(deps, settings.imap, settings.sentFolder);
  const mayPass = createPace(clock, settings.mostPerHour);
  const { read, heard } = counted(deps, createReader({ ...deps, threads, resolve, mayPass }, settings));
  const receive = createReceive({ ...deps, read }, settings);
  let sink: SinkPort | null = null;
  const onLogin = (refused: string | null): void => {
    deps.log[refused === null ? 'info' : 'error']('mail.login', {
      channel: 'email',
      why: refused ?? 'taken',
    });
    sink?.state(refused === null ? 'up' : 'down', refused ?? 'connected');
  };
  const closing = new AbortController();
  const both = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, closing.signal]);
  const send = createSend({ ...deps, threads, desk, onLogin }, settings);
  const lookup = createLookup({ ...deps, desk }, settings);
  return {
    name: 'email',
    abilities,
    start: async (door, signal) => {
      sink = door;
      await receive({ sink: door, signal: both(signal) });
      sink = null;
    },
    send: (delivery, signal) => send(delivery, both(signal)),
    lookup: (delivery) => lookup(delivery, closing.signal),
    fetch: (file, signal) => fetchPart(desk, file, both(signal)),
    check: () =>
      within({ clock, ms: checkMs, signal: closing.signal }, (signal) =>
        checkEmail({ clock, resolve, heard }, settings, signal),
      ),
    close: async () => {
      closing.abort();
      desk.close();
    },
  };
}

type Read = (mail: Mail, last: boolean, signal: AbortSignal) => Promise<Reading>;

/** What is not heard is answered by nobody: log and doctor say why. */
function counted({ clock, log }: AdapterDeps, read: Read): { readonly read: Read; heard(): Heard } {
  let heard: Heard = { taken: 0, unheard: null };
  return {
    heard: () => heard,
    read: async (mail, last, signal) => {
      const reading = await read(mail, last, signal);
      if (reading.type !== 'event') return reading;
      const { kind, doubt } = reading.event;
      if (doubt !== undefined) {
        log.info('mail.unheard', { channel: 'email', place: mail.place, why: doubt });
        const count = 1 + (heard.unheard?.count ?? 0);
        heard = { ...heard, unheard: { count, at: clock.now(), why: doubt } };
      } else if (kind === 'message') heard = { ...heard, taken: heard.taken + 1 };
      return reading;
    },
  };
}

async function answersOf(asked: ReturnType<Resolver['resolve']>): Promise<string[] | string[][]> {
  const records: unknown = await asked;
  if (!Array.isArray(records)) return [];
  return records.map((one: unknown) => (Array.isArray(one) ? one.map(String) : [String(one)]));
}
