/** Small things every page uses: requests to our own gateway, moments in the reader's words, keys. */

/** Why a request failed. `status` is 0 when no answer came. */
export class RequestFailed extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** JSON of our own API. A POST carries the Idempotency-Key, so that sending it again is harmless. */
export async function callApi(path, { body, key } = {}) {
  const headers = { accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (key !== undefined) headers['idempotency-key'] = key;
  const response = await ask(path, {
    method: body === undefined ? 'GET' : 'POST',
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return response.json();
}

/** Stores a message; resolves with where it went. */
export function postMessage(message, key) {
  return callApi('/api/messages', { body: { ...message, channel: 'web' }, key });
}

/** A piece of the page, drawn by the gateway. */
export async function fetchPiece(path) {
  const response = await ask(path, {});
  return response.text();
}

async function ask(path, init) {
  let response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new RequestFailed(0, 'Tiro cannot be reached.');
  }
  if (response.ok) return response;
  const answer = await response.json().catch(() => null);
  throw new RequestFailed(response.status, answer?.error?.message ?? `Tiro answered ${response.status}.`);
}

/** 128 random bits. `crypto.randomUUID` is missing where the page is not served over https or localhost. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

const sameDay = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const otherDay = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

/** Writes every `<time>` under `root` in the reader's zone and words. */
export function localiseTimes(root) {
  const today = new Date().toDateString();
  for (const time of root.querySelectorAll('time[datetime]')) {
    const at = new Date(time.dateTime);
    time.textContent = (at.toDateString() === today ? sameDay : otherDay).format(at);
    time.title = at.toLocaleString();
  }
}

export function sleep(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
