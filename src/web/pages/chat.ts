import { html, raw } from 'hono/html';
import type { Approval } from '#core/policy.ts';
import type { Conversation } from '#core/turn.ts';
import { type Html, nothing } from './html.ts';
import { documentHtml, wordmark } from './layout.ts';
import { approvalsHtml, channelOf, conversationsHtml, titleOf } from './pieces.ts';

export interface ChatView {
  /** Null: the next message starts one. */
  readonly conversation: Conversation | null;
  /** The message begins a new conversation even if one is open. */
  readonly fresh: boolean;
  readonly conversations: readonly Conversation[];
  readonly approvals: readonly Approval[];
  /** How many strangers wait to be let in. */
  readonly strangers: number;
  /** The thread, already rendered. */
  readonly thread: string;
  /** Earlier steps are left out. */
  readonly hasEarlier: boolean;
  readonly running: boolean;
  readonly demo: boolean;
  /** The step that the page is drawn up to: live events go on behind it. */
  readonly seq: number;
}

export function chatPage(view: ChatView): Html {
  const { conversation } = view;
  return documentHtml({
    title: conversation === null ? 'Tiro' : `${titleOf(conversation)} · Tiro`,
    className: 'chat-page',
    script: 'app.js',
    body: html`<a class="skip" href="#text">Skip to the message box</a> ${sidebar(view)} ${column(view)}`,
  });
}

function sidebar(view: ChatView): Html {
  return html`<aside class="sidebar" id="sidebar" aria-label="Conversations">
      <div class="sidebar-head">
        ${wordmark}
        <button type="button" class="icon only-small" id="close-sidebar" aria-label="Close the list">
          ${raw(closeIcon)}
        </button>
      </div>
      <a class="new" href="/new">${raw(plusIcon)}New conversation</a>
      <nav id="conversations" aria-label="Past conversations">
        ${conversationsHtml(view.conversations, view.conversation?.id ?? null)}
      </nav>
      <footer class="sidebar-foot">
        <a href="/status">Status</a>
        <a href="/people"
          >People${view.strangers === 0 ? '' : html` <span class="count">${view.strangers}</span>`}</a
        >
        <button type="button" class="link" id="logout">Log out</button>
      </footer>
    </aside>
    <div class="shade" id="shade" hidden></div>`;
}

function column(view: ChatView): Html {
  const { conversation } = view;
  const place = conversation === null ? nothing : html`<span class="where">${channelOf(conversation)}</span>`;
  return html`<main
    class="column"
    id="chat"
    data-conversation="${conversation?.id ?? ''}"
    data-fresh="${view.fresh ? '1' : ''}"
    data-running="${view.running ? '1' : ''}"
    data-seq="${view.seq}"
  >
    <header class="topbar">
      <button
        type="button"
        class="icon only-small"
        id="open-sidebar"
        aria-controls="sidebar"
        aria-expanded="false"
        aria-label="Conversations"
      >
        ${raw(menuIcon)}
      </button>
      <h1>${conversation === null ? 'New conversation' : titleOf(conversation)}</h1>
      ${place}
    </header>
    <p class="banner" id="connection" role="status" hidden>Connection lost. Trying again …</p>
    <div class="scroller" id="scroller" tabindex="-1">
      <div class="thread">
        ${earlier(view)} ${view.thread === '' ? welcome(view) : ''}
        <section id="thread" role="log" aria-live="polite" aria-label="Conversation">
          ${raw(view.thread)}
        </section>
        <section id="writing" aria-label="Being written"></section>
        <section id="pending" aria-label="On the way"></section>
        <section id="approvals" aria-label="Approvals">
          ${approvalsHtml(view.approvals, conversation?.id ?? null)}
        </section>
        <p class="working" id="working" hidden>
          <span class="dots" aria-hidden="true"></span><span id="working-text">Thinking …</span>
        </p>
      </div>
    </div>
    ${composer()}
    <p class="unseen" id="announce" aria-live="polite"></p>
  </main>`;
}

function earlier(view: ChatView): Html {
  if (!view.hasEarlier || view.conversation === null) return nothing;
  return html`<p class="earlier"><a href="/c/${view.conversation.id}?all=1">Show everything before</a></p>`;
}

function welcome(view: ChatView): Html {
  const demo = html`<p class="demo">
    This is the demo model: no AI, but every part around it is real. Name a model to have a real one:
    <code>tiro init</code>.
  </p>`;
  return html`<section class="welcome" id="welcome">
    <img src="/assets/icon.svg" alt="" width="56" height="56" />
    <h2>What shall I take down?</h2>
    <p>
      Every message is kept before it is answered. Close the page whenever you like; the answer will be here.
    </p>
    ${view.demo ? demo : ''}
  </section>`;
}

function composer(): Html {
  return html`<form class="composer" id="composer">
    <p class="problem" id="problem" role="alert" hidden>
      <span id="problem-text"></span>
      <button type="button" class="link" id="try-again">Try now</button>
    </p>
    <button type="button" class="to-end" id="to-end" hidden>${raw(downIcon)}Latest</button>
    <div class="box">
      <label class="unseen" for="text">Message</label>
      <textarea
        id="text"
        name="text"
        rows="1"
        placeholder="Write to Tiro"
        autocomplete="off"
        enterkeyhint="send"
        autofocus
      ></textarea>
      <button type="button" class="icon stop" id="stop" aria-label="Stop" title="Stop" hidden>
        ${raw(stopIcon)}
      </button>
      <button type="submit" class="icon send" aria-label="Send" title="Send">${raw(sendIcon)}</button>
    </div>
    <p class="hint">Enter sends · Shift+Enter starts a new line · /help shows the commands</p>
  </form>`;
}

const icon = (path: string): string =>
  `<svg viewBox="0 0 20 20" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${path}</svg>`;
const closeIcon = icon('<path d="M5 5l10 10M15 5L5 15"/>');
const plusIcon = icon('<path d="M10 4v12M4 10h12"/>');
const menuIcon = icon('<path d="M3 6h14M3 10h14M3 14h9"/>');
const downIcon = icon('<path d="M10 4v12M5 11l5 5 5-5"/>');
const sendIcon = icon('<path d="M10 16V4M5 9l5-5 5 5"/>');
const stopIcon = icon('<rect x="6" y="6" width="8" height="8" rx="1" fill="currentColor"/>');
