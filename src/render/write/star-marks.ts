import type { Flavour } from './layout.ts';
import { isWordLike, marked } from './marks.ts';
import { zeroWidth } from './mentions.ts';
import { isTooWideForPhones } from './records.ts';

const marks = { strong: '*', emphasis: '_', strike: '~' } as const;
const mark = /[*_~`\uFDD0-\uFDD3]/;

/** What Slack's mrkdwn and WhatsApp share: a single mark for each style, none for headings and tables, and no escape. */
export const starMarks = {
  styled: (kind, inner) => marked(inner, marks[kind]),
  heading: (_depth, inner) => marked(inner, '*'),
  isTooWide: isTooWideForPhones,
  quote: '> ',
  framed: true,
  rule: '———',
  joint: (before, after) => {
    const [last, first] = [before.at(-1) ?? '', after.charAt(0)];
    const meets = (mark.test(last) && /[^\s]/.test(first)) || (mark.test(first) && /[^\s]/.test(last));
    const parts = isWordLike(last) || isWordLike(first) || last === first;
    return meets && parts ? zeroWidth : '';
  },
} as const satisfies Partial<Flavour>;
