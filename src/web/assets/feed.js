/** What happens at the gateway, over server-sent events that resume by the last step's id. */

const kinds = [
  'input',
  'reply',
  'intent',
  'result',
  'decision',
  'said',
  'notice',
  'end',
  'delta',
  'restart',
  'waiting',
];

/** A hidden tab lets go of its connection after this long: browsers allow few per host. */
const hiddenMs = 30_000;
const retryMs = 2_000;
/** Shorter interruptions are not worth a word. */
const sayLostMs = 1_500;

/**
 * `onOpen`: connected, for the first time or again; partial text comes anew. `onEvent(kind, data)`: in order, each step
 * once. `onLost(isLost)`: whether to tell that the connection is gone.
 */
export function followFeed({ after, onOpen, onEvent, onLost }) {
  let last = after;
  let source = null;
  let retry = 0;
  let lost = 0;
  let hidden = 0;
  connect();

  document.addEventListener('visibilitychange', () => {
    clearTimeout(hidden);
    if (document.hidden) hidden = setTimeout(disconnect, hiddenMs);
    else if (source === null) connect();
  });
  window.addEventListener('offline', () => onLost(true));
  window.addEventListener('online', connect);
  window.addEventListener('pagehide', disconnect);
  window.addEventListener('pageshow', (event) => event.persisted && connect());

  function connect() {
    disconnect();
    source = new EventSource(`/api/events?html=1&after=${last}`);
    source.addEventListener('open', () => {
      clearTimeout(lost);
      lost = 0;
      onLost(false);
      onOpen();
    });
    source.addEventListener('error', tryAgain);
    for (const kind of kinds) source.addEventListener(kind, (event) => take(kind, event));
  }

  function disconnect() {
    clearTimeout(retry);
    source?.close();
    source = null;
  }

  function take(kind, event) {
    // The id stays at the last step's through events that have none.
    const isStep = event.lastEventId !== '' && !['delta', 'restart', 'waiting'].includes(kind);
    const seq = Number(event.lastEventId);
    if (isStep && seq <= last) return;
    if (isStep) last = seq;
    onEvent(kind, { ...JSON.parse(event.data), seq });
  }

  /** The browser tries again by itself after a cut; after a refusal it does not. */
  function tryAgain() {
    if (lost === 0) lost = setTimeout(() => onLost(true), sayLostMs);
    if (source?.readyState !== EventSource.CLOSED) return;
    clearTimeout(retry);
    retry = setTimeout(connect, retryMs);
  }
}
