import type { LinkOffer } from '#core/ports/adapter.ts';
import type { CliDeps } from '../deps.ts';
import { cut, displayWidth, oneLine } from '../output/text.ts';
import { qrLines } from './qr.ts';

export interface LinkView {
  /** What there is to scan or type, drawn over what was there; null: nothing yet, and why. */
  show(offer: LinkOffer | null, why: string): void;
  /** Takes it off the screen: whoever reads the code later could use it. */
  end(): void;
}

type ViewDeps = Pick<CliDeps, 'stdout' | 'stderr' | 'terminal'>;

/** The code on the last lines of a terminal. */
export function createTerminalView({ stdout, terminal }: ViewDeps, title: string): LinkView {
  let [rows, seen] = [0, ''];
  return { show, end };

  function show(offer: LinkOffer | null, why: string): void {
    const key = JSON.stringify([offer?.text, offer === null ? why : '', terminal.columns(), terminal.rows()]);
    if (key === seen) return;
    end();
    seen = key;
    const lines = offer === null ? fitted([`${title}: ${waitingWords(why)} …`]) : offerLines(offer);
    stdout.write(`${lines.join('\n')}\n`);
    rows = lines.length;
  }

  function offerLines(offer: LinkOffer): readonly string[] {
    const how = `On the phone, in ${title}: Settings, Linked devices, Link a device`;
    if (offer.kind === 'code') {
      return fitted([`${how}, Link with phone number instead.`, '', `    ${grouped(offer.text)}`, '']);
    }
    const code = qrLines(offer.text, terminal);
    const width = displayWidth(code.at(-1)?.replaceAll(/[^▀▄█ ]/g, '') ?? '');
    const fits = width <= terminal.columns() && code.length + 3 <= terminal.rows();
    const small = `The code needs a window of ${width} columns and ${code.length + 3} rows: make it larger, or use --phone.`;
    const foot = 'A new code comes by itself; Ctrl-C gives up.';
    const hint = fits && !terminal.color ? ['It is drawn for a dark background.'] : [];
    return [
      ...fitted([`${how}, and scan this.`]),
      ...(fits ? code : fitted([small])),
      ...fitted([...hint, foot]),
    ];
  }

  /** A line that wraps would be two to take away. */
  function fitted(lines: readonly string[]): readonly string[] {
    return lines.map((line) => cut(line, terminal.columns() - 1));
  }

  function end(): void {
    if (rows > 0) stdout.write(`\u001b[${rows}A\r\u001b[J`);
    [rows, seen] = [0, ''];
  }
}

/** For whoever reads lines: each new code once, as text or as JSON; why there is none goes to standard error. */
export function createLineView({ stdout, stderr }: ViewDeps, json: boolean): LinkView {
  let [seen, said] = ['', ''];
  return {
    show: (offer, why) => {
      if (offer !== null && offer.text !== seen) {
        seen = offer.text;
        stdout.write(`${json ? JSON.stringify({ offer }) : offer.text}\n`);
      }
      if (offer === null && why !== said && !json) stderr.write(`${waitingWords(why)} …\n`);
      said = why;
    },
    end: () => undefined,
  };
}

/** That it is not linked is known: this is about to change that. */
function waitingWords(why: string): string {
  const [trouble = ''] = why.split(/(?:^|; )not linked\b/i);
  return trouble === '' ? 'asking for a code' : oneLine(trouble);
}

/** `ABCD1234` → `ABCD-1234`, as the phone asks for it. */
function grouped(code: string): string {
  return /^\w{8}$/.test(code) ? `${code.slice(0, 4)}-${code.slice(4)}` : oneLine(code);
}
