/** Writing and sending. A message is never lost on the way: it stays in the box until the gateway has stored it. */
import { RequestFailed, callApi, newKey, sleep } from './page.js';

const tries = 4;
const retryMs = 700;

/** `send(text, key)` resolves when the message is stored. */
export function createComposer({ draftName, send, onSent }) {
  const form = document.querySelector('#composer');
  const box = document.querySelector('#text');
  const problem = document.querySelector('#problem');
  const button = form.querySelector('.send');
  /** The key of the text in the box: sending the same text again is the same message. */
  let attempt = null;
  let busy = false;

  box.value = readDraft(draftName());
  grow();
  box.addEventListener('input', () => {
    writeDraft(draftName(), box.value);
    problem.hidden = true;
    grow();
  });
  box.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void submit();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });

  async function submit() {
    const text = box.value.trim();
    if (text === '' || busy) return;
    if (attempt?.text !== text) attempt = { text, key: newKey() };
    busy = true;
    button.disabled = true;
    problem.hidden = true;
    const name = draftName();
    try {
      await sendWithRetry(text, attempt.key);
      attempt = null;
      writeDraft(name, '');
      // What was typed while it was on its way stays.
      if (box.value.trim() === text) box.value = '';
      grow();
      onSent();
    } catch (error) {
      problem.textContent = `Not sent: ${error.message} Your text is still here; Enter tries again.`;
      problem.hidden = false;
    } finally {
      busy = false;
      button.disabled = false;
      box.focus();
    }
  }

  async function sendWithRetry(text, key) {
    for (let count = 1; ; count += 1) {
      try {
        return await send(text, key);
      } catch (error) {
        const mayPass = error instanceof RequestFailed && (error.status === 0 || error.status >= 500);
        if (!mayPass || count === tries) throw error;
        await sleep(retryMs * count);
      }
    }
  }

  /** Where the browser does not size the box by its content. */
  function grow() {
    if (CSS.supports('field-sizing', 'content')) return;
    box.style.height = 'auto';
    box.style.height = `${box.scrollHeight}px`;
  }
}

/** Stores a message; resolves with where it went. */
export function postMessage(message, key) {
  return callApi('/api/messages', { body: { ...message, channel: 'web' }, key });
}

function readDraft(name) {
  try {
    return localStorage.getItem(name) ?? '';
  } catch {
    return ''; // the browser keeps nothing for us
  }
}

function writeDraft(name, text) {
  try {
    if (text === '') localStorage.removeItem(name);
    else localStorage.setItem(name, text);
  } catch {
    // The browser keeps nothing for us: the draft lives as long as the page.
  }
}
