const controls = /[\p{Cc}--[\n\t]]/gv;

/** Control characters, escape sequences among them, become the replacement character: a terminal obeys no text. */
export function cleanText(text: string): string {
  return text.replace(controls, '\uFFFD');
}

/** The first word of a code fence's info string, as far as it can be a language. */
export function codeLanguage(lang: string | null | undefined): string | null {
  return /^[A-Za-z0-9+#._-]{1,32}/.exec(lang ?? '')?.[0] ?? null;
}
