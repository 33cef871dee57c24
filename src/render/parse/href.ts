/** Longer targets are written out instead of linked: no platform takes them. */
const longestHref = 2_000;

/** The target a link may have, or null: only what opens a page, a mail or a Telegram chat. */
export function safeHref(url: string): string | null {
  if (url.length > longestHref) return null;
  if (!/^(?:https?:\/\/[^/]|mailto:.|tg:\/\/.)/i.test(url)) return null;
  // White space, quotes and brackets end an attribute or a Markdown target early somewhere.
  return url.replace(
    /[\s<>"`\\|]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** What is said of a target that is not linked: its text where it may help, nothing where it could only run. */
export function spelledHref(url: string): string {
  if (/^https?:/i.test(url)) return url;
  return /^(?:[a-z][a-z0-9+.-]*:|#|$)|\s/i.test(url) ? '' : url;
}

/** Two letters that end a file's name more often than a host's. */
const fileEnding = /\.(?:cc|cs|go|hs|jl|js|kt|md|mk|ml|pl|ps|py|rb|rs|sh|so|tf|ts|vb)$/i;
const hostFirst =
  /^((?:[\p{L}\p{N}-]+\.)+(?:com|org|net|edu|gov|info|app|dev|bank|shop|online|site|\p{L}{2}))(?:[:/?#].*)?$/iu;

/** Whether a label names another host, or another mailbox, than its link goes to: then both must be seen. */
export function isDeceptive(label: string, href: string): boolean {
  if (/^mailto:/i.test(href)) {
    const [shown] = /[^\s<>"]+@[^\s<>"]+\.\p{L}+/u.exec(label) ?? [];
    return shown !== undefined && !href.toLowerCase().includes(shown.toLowerCase());
  }
  const isSame = href.endsWith(label) && /^(?:https?:\/\/)?$/i.test(href.slice(0, -label.length));
  const named = isSame ? null : hostNamedIn(label);
  if (named === null) return false;
  const host = hostOf(href);
  return host !== named && !host.endsWith(`.${named}`);
}

/** The host that a label seems to lead to, as browsers write it; null where it names none. */
function hostNamedIn(label: string): string | null {
  // What is not seen parts no name.
  const seen = label.replace(/\p{Cf}/gu, '');
  const [url] = /https?:\/\/[^\s<>"()]+/i.exec(seen) ?? [];
  if (url !== undefined) return hostOf(url);
  for (const word of seen.split(/\s+/)) {
    const [bare = ''] = /[\p{L}\p{N}].*[\p{L}\p{N}/]/u.exec(word) ?? [];
    if (/^www\.\S+$/i.test(bare)) return hostOf(`http://${bare}`);
    const [, host = ''] = hostFirst.exec(bare) ?? [];
    if (host !== '' && !fileEnding.test(host)) return hostOf(`http://${host}`);
  }
  return null;
}

function hostOf(url: string): string {
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  return host.replace(/^www\./, '');
}
