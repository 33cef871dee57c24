import { html } from 'hono/html';
import { parseChatKey } from '#core/address.ts';
import type { ConversationId } from '#core/ids.ts';
import type { Approval } from '#core/policy.ts';
import type { Conversation } from '#core/turn.ts';
import { type Html, nothing, timeHtml } from './html.ts';

/** The list of conversations, latest first; the one on the page is marked. */
export function conversationsHtml(
  conversations: readonly Conversation[],
  current: ConversationId | null,
): Html {
  if (conversations.length === 0) return html`<p class="empty">Nothing was said yet.</p>`;
  const items = conversations.map(
    (conversation) =>
      html`<li>
        <a
          href="/c/${conversation.id}"
          data-conversation="${conversation.id}"
          ${conversation.id === current ? html`aria-current="page"` : ''}
          ><span class="title">${titleOf(conversation)}</span>
          <span class="where">${channelOf(conversation)} · ${timeHtml(conversation.lastAt)}</span></a
        >
      </li>`,
  );
  return html`<ul>
    ${items}
  </ul>`;
}

export function titleOf(conversation: Conversation): string {
  return conversation.title.trim() === '' ? 'Untitled' : conversation.title;
}

export function channelOf({ chat }: { readonly chat: string }): string {
  return parseChatKey(chat)?.channel ?? 'elsewhere';
}

/** What waits for the owner's yes or no, from wherever it was asked. */
export function approvalsHtml(approvals: readonly Approval[], current: ConversationId | null): Html {
  return approvals.length === 0 ? nothing : html`${approvals.map((each) => approvalHtml(each, current))}`;
}

function approvalHtml(approval: Approval, current: ConversationId | null): Html {
  const { id, plan, why } = approval;
  const elsewhere =
    approval.conversation === current
      ? ''
      : html`<p class="from">
          Asked by ${approval.person} in
          <a href="/c/${approval.conversation}">a conversation on ${channelOf(approval)}</a>.
        </p>`;
  return html`<article class="approval" data-approval="${id}" aria-labelledby="approval-${id}">
    <h2 id="approval-${id}">May I run <code>${plan.tool}</code>?</h2>
    <p class="why">${why}</p>
    ${elsewhere}
    <pre tabindex="0" aria-label="Exactly what will run">${prettyJson(plan.arguments)}</pre>
    <label class="reason"
      >Reason, if you like <input name="reason" maxlength="500" autocomplete="off"
    /></label>
    <div class="choice">
      <button type="button" class="primary" data-decision="once">Approve</button>
      <button type="button" data-decision="deny">Deny</button>
      <span class="id">${id} · until ${timeHtml(approval.expiresAt)}</span>
    </div>
    <p class="problem" role="alert" hidden></p>
  </article>`;
}

function prettyJson(canonical: string): string {
  try {
    return JSON.stringify(JSON.parse(canonical), null, 2);
  } catch {
    return canonical; // a plan is shown as it is, whatever it is
  }
}
