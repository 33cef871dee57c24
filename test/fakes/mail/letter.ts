/** A mail as it arrives. What is left out is as in an ordinary one. */
export interface LetterParts {
  readonly from?: string;
  readonly to?: string;
  readonly subject?: string | null;
  readonly text?: string;
  readonly messageId?: string;
  readonly date?: string;
  /** Further header lines, such as `Auto-Submitted: auto-replied`; on top of the others. */
  readonly headers?: readonly string[];
  /** Null: none. */
  readonly results?: string | null;
  readonly type?: string;
}

export const authserv = 'mx.local.test';

/** Vouched for by the trusted server, from ann@x.test to the bot. */
export function letter(parts: LetterParts = {}): string {
  const {
    from = 'Ann <ann@x.test>',
    to = 'bot@local.test',
    subject = null,
    text = 'hello',
    headers = [],
  } = parts;
  const {
    messageId = `<${Math.trunc(1e9 * performance.now())}@x.test>`,
    type = 'text/plain; charset=utf-8',
  } = parts;
  const domain = /@([\w.-]+)>?\s*$/.exec(from)?.[1] ?? 'x.test';
  const {
    results = `${authserv}; spf=pass smtp.mailfrom=${domain}; dmarc=pass (p=none) header.from=${domain}`,
  } = parts;
  return [
    ...(results === null ? [] : [`Authentication-Results: ${results}`]),
    ...headers,
    `From: ${from}`,
    `To: ${to}`,
    ...(subject === null ? [] : [`Subject: ${subject}`]),
    ...(parts.date === undefined ? [] : [`Date: ${parts.date}`]),
    `Message-ID: ${messageId}`,
    'MIME-Version: 1.0',
    `Content-Type: ${type}`,
    '',
    text,
    '',
  ].join('\r\n');
}
