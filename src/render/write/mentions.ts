/**
 * A zero-width space: it shows nothing and ends a name. A mention with one inside reads the same and calls nobody.
 */
export const zeroWidth = '\u200B';

/** Discord: everyone, people, roles, channels. Its server looks at the raw text, so a backslash does not help. */
export function quietDiscord(text: string): string {
  return text.replace(/@(?=everyone|here)|<@(?=[!&]?\d)|<#(?=\d)/gi, `$&${zeroWidth}`);
}

/** Slack's own tokens, for code: there `&lt;` may be shown as it is written. */
export function quietSlackTokens(text: string): string {
  return text.replace(
    /<(?=[@#][A-Z0-9]|!(?:here|channel|everyone|group|subteam|date)\b)/gi,
    `$&${zeroWidth}`,
  );
}

/** Slack: names that a workspace may link by itself. */
export function quietSlackNames(text: string): string {
  return text.replace(/@(?=(?:here|channel|everyone)(?![a-z0-9]))/gi, `$&${zeroWidth}`);
}

/** WhatsApp: a number, or everybody in the group; not a part of an address. */
export function quietWhatsapp(text: string): string {
  return text.replace(/(?<![a-z0-9/])@(?=\+?\d{5}|(?:all|everyone)(?![a-z0-9]))/gi, `$&${zeroWidth}`);
}

/** Every platform's: for text that is sent without anybody knowing where it is read. */
export function quietEverywhere(text: string): string {
  return quietWhatsapp(quietSlackNames(quietSlackTokens(quietDiscord(text))));
}
