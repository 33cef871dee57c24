import { html, raw } from 'hono/html';
import type { Step, StepBody } from '#core/step.ts';
import { type Html, htmlToText, nothing, timeHtml } from './html.ts';

/** A tool's result is shown up to here; the rest is in the step. */
const resultChars = 4_000;

type Body<K extends StepBody['kind']> = Extract<StepBody, { kind: K }>;

/**
 * One step as people see it in the thread, or '' for what is only machinery. History and live events use the same
 * piece, so that a page that was open all along and one that was just loaded look alike.
 */
export function stepToHtml(step: Step, reader: Reader): string {
  return htmlToText(stepPiece(step, reader));
}

export interface Reader {
  readonly renderHtml: (markdown: string) => string;
  /** The handle of whoever reads the page. */
  readonly owner: string;
}

function stepPiece(step: Step, reader: Reader): Html {
  const { body } = step;
  const prose = (markdown: string): Html => raw(reader.renderHtml(markdown));
  switch (body.kind) {
    case 'input':
      return inputHtml(step, body, body.person === reader.owner ? 'You' : body.name);
    case 'media':
      // What could be read needs no word of its own: its message names the file.
      return body.outcome === 'unreadable'
        ? lineHtml(step, 'decision', `${body.name} could not be read: ${body.content}`)
        : nothing;
    case 'reply':
      return body.text.trim() === '' ? nothing : wordsHtml(step, 'reply', prose(body.text));
    case 'said':
      return wordsHtml(step, 'reply', prose(body.text));
    case 'notice':
      return wordsHtml(step, 'notice', html`${prose(body.text)}${downloadHtml(body.text)}`);
    case 'intent':
      return nothing; // shown live as what is going on, and afterwards by its result
    case 'result':
      // What waits for a yes has a card of its own.
      return body.outcome === 'awaiting-approval' ? nothing : resultHtml(step, body);
    case 'decision':
      return lineHtml(step, 'decision', decisionText(body, body.by === reader.owner ? 'You' : body.by));
    case 'end':
      return endHtml(step, body);
  }
}

function inputHtml(step: Step, body: Body<'input'>, name: string): Html {
  const files = body.files.map(
    (file) => html`<li class="file">${file.name === '' ? file.kind : file.name}</li>`,
  );
  return html`<article class="message by-person" id="step-${step.seq}" data-event="${body.event}">
    <header class="byline">${name} ${timeHtml(body.at)}</header>
    <p class="words">${body.text}</p>
    ${
      files.length === 0
        ? ''
        : html`<ul class="files" aria-label="Files">
            ${files}
          </ul>`
    }
  </article>`;
}

function wordsHtml(step: Step, kind: 'reply' | 'notice', prose: Html): Html {
  return html`<article class="message by-tiro ${kind}" id="step-${step.seq}">
    <header class="byline">Tiro ${timeHtml(step.at)}</header>
    <div class="prose">${prose}</div>
  </article>`;
}

/** Where a notice tells of a file that is kept (the tool send_file), it can be saved from here. */
function downloadHtml(notice: string): Html {
  const [, folder, name] = /`(files\/out\/[\w-]+\/)([^`/]+)`/.exec(notice) ?? [];
  if (folder === undefined || name === undefined) return nothing;
  return html`<p><a href="/api/${folder}${encodeURIComponent(name)}" download>${name}</a></p>`;
}

const outcomeWords: Readonly<Record<Body<'result'>['outcome'], string>> = {
  ok: 'done',
  error: 'error',
  denied: 'denied',
  'awaiting-approval': 'waits for approval',
  unknown: 'outcome unknown',
  cancelled: 'cancelled',
};

function resultHtml(step: Step, body: Body<'result'>): Html {
  const shown = body.content.length > resultChars ? `${body.content.slice(0, resultChars)} …` : body.content;
  return html`<details class="act ${body.outcome}" id="step-${step.seq}">
    <summary><code>${body.tool}</code> <span>${outcomeWords[body.outcome]}</span></summary>
    <pre tabindex="0">${shown}</pre>
  </details>`;
}

function decisionText(body: Body<'decision'>, who: string): string {
  const reason = body.reason === null ? '' : `: ${body.reason}`;
  if (body.decision === 'expired') return `The approval ${body.approval} for ${body.tool} expired`;
  return `${who} ${body.decision} ${body.tool} (${body.approval})${reason}`;
}

/** A turn that simply ended needs no words, and one that waits for a yes has asked for it. */
function endHtml(step: Step, body: Body<'end'>): Html {
  const reason = body.reason === null ? '' : `: ${body.reason}`;
  switch (body.status) {
    case 'done':
    case 'parked':
      return nothing;
    case 'cancelled':
      return lineHtml(step, 'cancelled', 'Stopped');
    case 'failed':
      return lineHtml(step, 'failed', `Not answered${reason}`);
    case 'dead':
      return lineHtml(step, 'failed', `Given up after several tries${reason}`);
  }
}

function lineHtml(step: Step, className: string, text: string): Html {
  return html`<p class="line ${className}" id="step-${step.seq}">${text}</p>`;
}
