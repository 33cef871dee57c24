import { html, raw } from 'hono/html';
import { renderSVG } from 'uqr';
import type { ChannelReport, ControlSurface } from '#control/surface.ts';
import type { LinkOffer } from '#core/ports/adapter.ts';
import { type Html, nothing, timeHtml } from '../html.ts';
import { documentHtml, wordmark } from '../layout.ts';

export interface ChannelView {
  readonly report: ChannelReport;
  readonly link: ControlSurface['channels.link']['output'];
}

/** A channel that a phone lets in: what to scan or type, whether it is linked, and how to end that. The script draws it anew. */
export function channelPage(view: ChannelView): Html {
  const { name } = view.report;
  const title = titleOf(name);
  return documentHtml({
    title: `${title} · Tiro`,
    className: 'status-page channel-page',
    script: 'channel.js',
    body: html`<header class="page-head">
        ${wordmark}
        <nav><a href="/people">People</a> <a href="/status">Status</a></nav>
      </header>
      <main aria-label="${title}" data-channel="${name}">
        <h1>${title}</h1>
        <div id="link">${channelPieceHtml(view)}</div>
        ${byCodeHtml(view.link)} ${endingHtml(title, view.link)}
        <p class="unseen" id="announce" aria-live="polite"></p>
      </main>`,
  });
}

/** For phones that cannot scan. */
function byCodeHtml(link: Link): Html {
  return html`<section
    class="other-way"
    aria-labelledby="code-title"
    id="by-code"
    ${link.linked ? html`hidden` : nothing}
  >
    <h2 id="code-title">Without a camera</h2>
    <form id="phone-form">
      <label
        >The phone’s number, with its country code
        <input
          name="phone"
          type="tel"
          inputmode="tel"
          autocomplete="tel"
          placeholder="+49 170 1234567"
          required
      /></label>
      <button type="submit">Get a code to type</button>
    </form>
    <p class="problem" role="alert" id="phone-problem" hidden></p>
  </section>`;
}

function endingHtml(title: string, link: Link): Html {
  return html`<section
    id="ending"
    aria-labelledby="ending-title"
    ${mayBeLinked(link) ? nothing : html`hidden`}
  >
    <h2 id="ending-title">Unlink</h2>
    <p class="lead">
      The phone forgets this gateway and its keys are deleted here. Nothing comes in until it is linked again.
    </p>
    <p><button type="button" id="unlink">Unlink ${title}</button></p>
    <p class="problem" role="alert" id="unlink-problem" hidden></p>
  </section>`;
}

/** All that the script draws anew. */
export function channelPieceHtml({ report, link }: ChannelView): Html {
  return html`<p
      class="lead link-state ${link.linked ? 'up' : 'down'}"
      data-linked="${String(link.linked)}"
      data-ending="${String(mayBeLinked(link))}"
    >
      ${stateWords(link)}
    </p>
    ${link.linked ? receivingHtml(report) : offerHtml(titleOf(report.name), link.offer)}
    ${link.linked ? nothing : termsHtml(report.name)}`;
}

/** Whoever links it has to know. */
function termsHtml(name: string): Html {
  if (name !== 'whatsapp') return nothing;
  return html`<p class="asking">
    WhatsApp’s terms do not allow it, and it may block the account: take a number that you can do without.
    <code>docs/channels/whatsapp.md</code> tells more.
  </p>`;
}

type Link = ChannelView['link'];

/** What an adapter says while it is not linked, and from there on what to do in a terminal. */
const notLinked = /(?:^|;\s*)not linked\b.*$/is;

/** Without a code to scan it may be linked and only not connected: then there is something to unlink. */
function mayBeLinked({ linked, offer, why }: Link): boolean {
  return linked || (offer === null && !notLinked.test(why));
}

function stateWords(link: Link): string {
  const words = link.why.replace(notLinked, '').replace(/^linked\b[:,]?\s*/i, '');
  const away = mayBeLinked(link) ? 'Not connected' : 'Not linked';
  const state = link.linked ? 'Linked' : away;
  return words === '' ? state : `${state}: ${words}`;
}

/** "Linked" says that WhatsApp knows this gateway; that messages come in shows only when one does. */
function receivingHtml({ lastEventAt }: ChannelReport): Html {
  const last =
    lastEventAt === null
      ? 'Nothing came in since the start: have somebody write to it to see that it receives.'
      : html`The last message came in at ${timeHtml(lastEventAt)}.`;
  return html`<p class="receiving">${last}</p>`;
}

function offerHtml(title: string, offer: LinkOffer | null): Html {
  if (offer === null)
    return html`<p class="asking">There is no code at this moment; one appears here as soon as there is.</p>`;
  const start = html`<li>Open ${title} on the phone.</li>
    <li>Settings, <strong>Linked devices</strong>, <strong>Link a device</strong>.</li>`;
  if (offer.kind === 'code') {
    return html`<div class="offer">
      <p class="typed" aria-label="The code">${groupedCode(offer.text)}</p>
      <ol>
        ${start}
        <li><strong>Link with phone number instead</strong>, and type this code.</li>
      </ol>
    </div>`;
  }
  return html`<div class="offer">
    <div class="qr" role="img" aria-label="QR code to scan with the phone">${raw(qrSvg(offer.text))}</div>
    <ol>
      ${start}
      <li>Hold the phone to this code. A new one comes by itself when this one gets old.</li>
    </ol>
  </div>`;
}

/** Black on white in every colour scheme, with the quiet edge that the standard asks for. It holds numbers only, no text. */
function qrSvg(text: string): string {
  return renderSVG(text, { ecc: 'L', border: 4, pixelSize: 1 });
}

function groupedCode(code: string): string {
  return /^\w{8}$/.test(code) ? `${code.slice(0, 4)}-${code.slice(4)}` : code;
}

function titleOf(name: string): string {
  return name === 'whatsapp' ? 'WhatsApp' : name;
}
