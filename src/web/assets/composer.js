/** Writing and sending. A message is never lost on the way: it is kept, with its key, until the gateway has stored it. */
import { RequestFailed, newKey, sleep } from './page.js';

const tries = 3;
const retryMs = 500;
const lookAgainMs = 5_000;

/**
 * `name()` says which conversation is written to. `addBubble(text)` shows a message on its way; `send({ text, key,
 * bubble })` resolves when it is stored. Messages go out one after the other, in order.
 */
export function createComposer({ name, addBubble, send }) {
  const form = document.querySelector('#composer');
  const box = document.querySelector('#text');
  const problem = document.querySelector('#problem');
  const problemText = document.querySelector('#problem-text');
  const again = document.querySelector('#try-again');
  const kept = createKept(name);
  let unsent = kept.readUnsent().map((message) => ({ ...message, bubble: addBubble(message.text) }));
  let busy = false;

  box.value = kept.readDraft();
  grow();
  void sendAll();

  box.addEventListener('input', () => {
    kept.writeDraft(box.value);
    // A refusal was read; what waits for the connection stays said.
    if (again.hidden) problem.hidden = true;
    grow();
  });
  box.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });
  again.addEventListener('click', () => void sendAll());
  setInterval(() => void sendAll(), lookAgainMs);
  return { sendAll };

  function submit() {
    const text = box.value.trim();
    if (text !== '') {
      unsent.push({ text, key: newKey(), bubble: addBubble(text) });
      kept.writeUnsent(unsent);
      setBox('');
    }
    box.focus();
    void sendAll();
  }

  async function sendAll() {
    if (busy || unsent.length === 0) return;
    busy = true;
    try {
      for (let [message] = unsent; message !== undefined; [message] = unsent) {
        await sendPatiently(message);
        done(message);
      }
      problem.hidden = true;
    } catch (error) {
      showProblem(error);
    } finally {
      busy = false;
    }
  }

  function done(message) {
    unsent = unsent.filter((other) => other !== message);
    kept.writeUnsent(unsent);
  }

  /** The same key every time: a message that was stored although its answer was lost is not stored twice. */
  async function sendPatiently(message) {
    for (let count = 1; ; count += 1) {
      try {
        return await send(message);
      } catch (error) {
        if (!mayPass(error) || count === tries) throw error;
        await sleep(retryMs * count);
      }
    }
  }

  function showProblem(error) {
    const waits = mayPass(error);
    problemText.textContent = waits
      ? `Not sent yet: ${error.message} It goes out as soon as that changes.`
      : `Not sent: ${error.message}`;
    again.hidden = !waits;
    problem.hidden = false;
    if (waits) return;
    // Something is wrong with the message itself: it goes back to where it can be changed.
    const [message] = unsent;
    message.bubble.remove();
    done(message);
    setBox([message.text, box.value].filter((text) => text !== '').join('\n\n'));
  }

  function setBox(text) {
    box.value = text;
    kept.writeDraft(text);
    grow();
  }

  /** Where the browser does not size the box by its content. */
  function grow() {
    if (CSS.supports('field-sizing', 'content')) return;
    box.style.height = 'auto';
    box.style.height = `${box.scrollHeight}px`;
  }
}

function mayPass(error) {
  return error instanceof RequestFailed && (error.status === 0 || error.status >= 500);
}

/** What must survive a reload, in this browser, by conversation. */
function createKept(name) {
  return {
    readDraft: () => read(`tiro.draft.${name()}`) ?? '',
    writeDraft: (text) => write(`tiro.draft.${name()}`, text === '' ? null : text),
    readUnsent: () => JSON.parse(read(`tiro.unsent.${name()}`) ?? '[]'),
    writeUnsent,
  };

  function writeUnsent(messages) {
    const rows = messages.map(({ text, key }) => ({ text, key }));
    write(`tiro.unsent.${name()}`, rows.length === 0 ? null : JSON.stringify(rows));
  }
}

function read(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // the browser keeps nothing for us
  }
}

function write(key, text) {
  try {
    if (text === null) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    // The browser keeps nothing for us: what is written lives as long as the page.
  }
}
