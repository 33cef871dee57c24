/** Cards that wait for a yes or no. */
import { callApi, fetchPiece, localiseTimes } from './page.js';

export function createApprovals({ current, say }) {
  const root = document.querySelector('#approvals');
  root.addEventListener('click', (event) => {
    const button = event.target.closest('button[data-decision]');
    if (button !== null) void decide(button.closest('[data-approval]'), button.dataset.decision);
  });
  return { refresh };

  /** Draws the cards anew, but keeps one in which a reason is being typed. */
  async function refresh() {
    const html = await fetchPiece(`/page/approvals?current=${encodeURIComponent(current())}`);
    const template = document.createElement('template');
    template.innerHTML = html;
    const fresh = new Map([...template.content.children].map((card) => [card.dataset.approval, card]));
    for (const card of [...root.children]) {
      if (fresh.has(card.dataset.approval)) fresh.delete(card.dataset.approval);
      else card.remove();
    }
    if (fresh.size > 0) say('Tiro asks for your approval.');
    for (const card of fresh.values()) root.append(card);
    localiseTimes(root);
  }

  async function decide(card, decision) {
    const reason = card.querySelector('input[name="reason"]').value.trim();
    const problem = card.querySelector('.problem');
    const buttons = card.querySelectorAll('button');
    for (const button of buttons) button.disabled = true;
    try {
      const body = { decision, reason: reason === '' ? null : reason };
      await callApi(`/api/approvals/${encodeURIComponent(card.dataset.approval)}`, { body });
      card.remove();
      say(decision === 'once' ? 'Approved.' : 'Denied.');
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
      for (const button of buttons) button.disabled = false;
    }
  }
}
