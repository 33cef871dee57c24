import type { PhrasingContent } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';

/**
 * What a person sees of one paragraph on each platform, by small readers that share no code with the renderers. Markup
 * that a reader finds comes out as ⟦…⟧, so text that became markup is not what it was.
 */
export type Reader = (text: string) => string;

const visible = (text: string): string => text.replaceAll('\u200B', '');

/** Tries each rule at each place, as Discord's parser does; what no rule takes is a character. */
function scan(
  text: string,
  rules: readonly (readonly [RegExp, (match: RegExpExecArray) => string])[],
): string {
  let out = '';
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at);
    const found = rules
      .map(([pattern, show]) => ({ match: pattern.exec(rest), show }))
      .find(({ match }) => match !== null);
    const match = found?.match ?? null;
    if (match === null || found === undefined) {
      out += text.charAt(at);
      at += 1;
    } else {
      out += found.show(match);
      at += match[0].length;
    }
  }
  return out;
}

const marked = (match: RegExpExecArray): string => `⟦${match[0]}⟧`;

const readDiscord: Reader = (text) => {
  if (/@everyone|@here|<@[!&]?\d|<#\d/i.test(text)) return '⟦mention⟧';
  const blocks = text.replace(/^\s*(?:#{1,3} |-# |[-*+] |\d+\. |> |>>> )/gm, (match) => `⟦${match}⟧`);
  return visible(
    scan(blocks, [
      [/^\\([^0-9A-Za-z\s])/, (match) => match[1] ?? ''],
      [/^```[^]+?```/, marked],
      [/^(`+)[^]*?[^`]\1(?!`)/, marked],
      [/^\*\*[^]+?\*\*(?!\*)|^__[^]+?__(?!_)|^~~[^]+?~~|^\|\|[^]+?\|\|/, marked],
      [/^\*(?=\S)(?:\\[^]|[^*\\])+?\*(?!\*)|^\b_(?:\\[^]|[^_\\])+?_\b/, marked],
      [/^<(?:https?:|a?:\w+:\d|t:-?\d|\/\w|id:)[^>]*>|^\[[^\]]+\]\([^)]+\)|^https?:\/\/\S+/, marked],
    ]),
  );
};

function seen(node: PhrasingContent): string {
  if (node.type === 'text') return node.value;
  if (node.type === 'break') return '\n';
  const [label] = 'children' in node ? node.children : [];
  // A bare address is found by every platform and shows where it leads.
  if (node.type === 'link' && label?.type === 'text' && node.url.endsWith(label.value)) return label.value;
  return `⟦${node.type}⟧`;
}

/** GFM as its own parser reads it, all of it, bare mail addresses and links included. */
const readGfm: Reader = (text) => {
  const root = fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
  const [first] = root.children;
  if (root.children.length !== 1 || first?.type !== 'paragraph') return '⟦blocks⟧';
  return visible(first.children.map(seen).join(''));
};

const readSlackMarkdown: Reader = (text) =>
  /<|@(?:here|channel|everyone)\b/i.test(text) ? '⟦token⟧' : readGfm(text);

const readTelegramRich: Reader = (text) => {
  const unescaped = text.replace(/\\[^0-9A-Za-z\s<]/g, '');
  return /<|\$|==|\|\|/.test(unescaped) ? '⟦HTML⟧' : readGfm(text);
};

const looks: Readonly<Record<string, string>> = { '∗': '*', ˍ: '_', '∼': '~', ˋ: '`' };
const chatMarks = /(?<![\p{L}\p{N}])([*_~])(?=\S)[^\n]*?(?<=\S)(?<!\1)\1(?![\p{L}\p{N}])|`[^`]+`/gu;
const sameLooks = (text: string): string => visible(text).replace(/[∗ˍ∼ˋ]/g, (look) => looks[look] ?? look);

const readMrkdwn: Reader = (text) => {
  if (/[<>]|@(?:here|channel|everyone)\b|^&gt;/im.test(text)) return '⟦token⟧';
  const entities: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>' };
  const seen = text.replace(chatMarks, (match) => `⟦${match}⟧`);
  return sameLooks(seen).replace(/&(?:amp|lt|gt);/g, (entity) => entities[entity] ?? entity);
};

const readWhatsapp: Reader = (text) => {
  if (/(?<![a-zA-Z0-9/])@(?:\+?\d{5}|(?:all|everyone)\b)|^\s*(?:> |[-*] )/im.test(text)) return '⟦mention⟧';
  return sameLooks(text.replace(chatMarks, (match) => `⟦${match}⟧`));
};

export const readers: Readonly<Record<string, Reader>> = {
  discord: readDiscord,
  'slack-markdown': readSlackMarkdown,
  'slack-mrkdwn': readMrkdwn,
  'telegram-rich': readTelegramRich,
  whatsapp: readWhatsapp,
};
