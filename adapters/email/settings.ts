import { z } from 'zod';
import { normalAddress } from './read/address.ts';

const serverSchema = (port: number) =>
  z.object({
    host: z.string().min(1),
    port: z.int().min(1).max(65_535).default(port),
    /** True: TLS from the first byte. False: STARTTLS, which only a server on this machine may lack. */
    secure: z.boolean().default(true),
    user: z.string().min(1),
    password: z.string().min(1),
  });

const orNull = z
  .string()
  .min(1)
  .nullish()
  .transform((it) => it ?? null);

/** `channels.email` of config.yaml. */
export const emailSettingsSchema = z.object({
  address: z.string().transform((text, context) => {
    const address = normalAddress(text);
    if (address !== null) return address;
    context.addIssue({ code: 'custom', message: 'must be a mail address such as tiro@example.org' });
    return z.NEVER;
  }),
  imap: serverSchema(993),
  smtp: serverSchema(465),
  trustedAuthserv: orNull,
  /** Absent: the folder that the server marks as the one for sent mail. */
  sentFolder: orNull,
  /** Of one sender. */
  mostPerHour: z.int().min(1).max(10_000).default(60),
});

export type EmailSettings = Readonly<z.infer<typeof emailSettingsSchema>>;
export type MailServer = Readonly<z.infer<ReturnType<typeof serverSchema>>>;

/** `loopback`: what passes between leaves no machine, so it needs no encryption. */
export function safetyOf({ host, secure }: MailServer): 'tls' | 'starttls' | 'loopback' {
  if (secure) return 'tls';
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i.test(host) ? 'loopback' : 'starttls';
}

/** Ours, also with a +tag. */
export function isOwn(address: string, own: string): boolean {
  const [local = '', domain = ''] = own.split('@');
  return address === own || (address.startsWith(`${local}+`) && address.endsWith(`@${domain}`));
}

/** The Message-ID of a delivery: the same on every try, so that mail programs show a repeated one once. */
export function messageIdOf(delivery: string, own: string): string {
  return `${delivery}@${own.slice(own.indexOf('@') + 1)}`;
}

/** The delivery that a Message-ID of ours is of, or null. */
export function deliveryOf(messageId: string, own: string): string | null {
  const [, delivery, domain] = /^(dlv_\w{1,64})@(.{1,255})$/.exec(messageId) ?? [];
  return delivery !== undefined && domain === own.slice(own.indexOf('@') + 1) ? delivery : null;
}
