import { createRedactor } from '#lib/log/redact.ts';
import type { ProviderSettings } from '../../settings.ts';

/** Masks this provider's key and the password in its address, as written and as sent. */
export function redactorFor(endpoint: ProviderSettings): (text: string) => string {
  const password = URL.parse(endpoint.baseUrl)?.password ?? '';
  return createRedactor([endpoint.apiKey ?? '', password, percentDecoded(password)]);
}

/** A part of a URL as it was meant; text with a stray % is taken as it stands. */
export function percentDecoded(text: string): string {
  return /%(?![0-9a-f]{2})/i.test(text) ? text : decodeURIComponent(text);
}
