/** The chat page: feed → thread, box → API. The page is drawn by the gateway; this keeps it true. */
import { createApprovals } from './approvals.js';
import { createComposer } from './composer.js';
import { followFeed } from './feed.js';
import { callApi, newKey, postMessage } from './page.js';
import { createSidebar } from './sidebar.js';
import { createThread } from './thread.js';

const chat = document.querySelector('#chat');
const stop = document.querySelector('#stop');
const banner = document.querySelector('#connection');
const state = {
  conversation: chat.dataset.conversation,
  /** The next message begins a new conversation. */
  fresh: chat.dataset.fresh === '1',
  /** Messages that are stored and not yet in the thread, by event: their text. */
  pending: new Map(),
  running: chat.dataset.running === '1',
  /** Requests on their way, and what was heard meanwhile of conversations that may turn out to be ours. */
  sending: 0,
  overheard: [],
};

const current = () => state.conversation;
/** What is written on this page belongs to it, also when its conversation gets a name meanwhile. */
const place = state.fresh ? 'new' : state.conversation;
const thread = createThread();
const sidebar = createSidebar({ current });
const approvals = createApprovals({ current, say: thread.say });
const composer = createComposer({ name: () => place, addBubble, send });
restorePending();
showWork();
followFeed({ after: Number(chat.dataset.seq), onOpen, onEvent, onLost });

stop.addEventListener('click', () => {
  const bubble = addBubble('/stop');
  void send({ text: '/stop', key: newKey(), bubble }).catch((error) => {
    bubble.remove();
    thread.say(error.message);
  });
});

/** Shown before it is stored: the answer to a command may come before the answer to the request. */
function addBubble(text) {
  const bubble = thread.addPending(text, 'Sending …');
  thread.scrollToEnd();
  return bubble;
}

async function send({ text, key, bubble }) {
  state.sending += 1;
  try {
    showSent(text, bubble, await store(text, key));
  } finally {
    state.sending -= 1;
    if (state.sending === 0) state.overheard = [];
  }
}

async function store(text, key) {
  if (state.fresh) {
    await postMessage({ text: '/new' }, `${key}-new`);
    state.fresh = false;
  }
  const asked = state.conversation === '' ? {} : { conversation: state.conversation };
  return postMessage({ ...asked, text }, key);
}

function showSent(text, bubble, { conversation, event }) {
  if (conversation !== state.conversation) moveTo(conversation);
  if (text.startsWith('/')) return;
  // Its step may have been faster than the answer to the request.
  if (document.querySelector(`[data-event="${CSS.escape(event)}"]`) !== null) {
    bubble.remove();
    return;
  }
  thread.namePending(bubble, event, state.running ? 'Queued' : 'Sent');
  state.pending.set(event, text);
  savePending();
}

function moveTo(conversation) {
  state.conversation = conversation;
  chat.dataset.conversation = conversation;
  history.replaceState(null, '', `/c/${conversation}`);
  sidebar.refresh();
  for (const [kind, data] of state.overheard.splice(0)) onEvent(kind, data);
}

function onOpen() {
  thread.dropPartials();
  void composer.sendAll();
  void approvals.refresh().catch((error) => thread.say(error.message));
  void checkPending();
}

async function onLost(isLost) {
  banner.hidden = !isLost;
  if (!isLost) return;
  // A session that has ended does not come back by trying again.
  const error = await callApi('/api/status').then(
    () => null,
    (failure) => failure,
  );
  if (error?.status === 401) location.assign('/');
}

function onEvent(kind, data) {
  if (['input', 'end', 'said'].includes(kind)) sidebar.refresh();
  if (['result', 'decision', 'end'].includes(kind)) void approvals.refresh().catch(() => undefined);
  if (data.conversation !== state.conversation) {
    if (state.sending > 0) state.overheard.push([kind, data]);
    return;
  }
  if (data.html !== undefined) {
    if (['reply', 'notice', 'end'].includes(kind)) thread.dropPartial(data.turn);
    thread.addStep(data.seq, data.html);
  }
  follow[kind]?.(data);
  showWork();
}

/** What each event means for what is going on. */
const follow = {
  input: (data) => {
    thread.takePending(data.event);
    state.pending.delete(data.event);
    savePending();
    begin('Thinking …');
  },
  decision: () => begin('Going on …'),
  delta: (data) => {
    thread.addDelta(data.turn, data.text);
    begin(null);
  },
  restart: (data) => {
    thread.dropPartial(data.turn);
    begin('Starting the answer again …');
  },
  waiting: (data) => begin(`Waiting: ${data.reason}`),
  intent: (data) => begin(`Using ${data.tool} …`),
  result: () => begin('Thinking …'),
  end: () => {
    state.running = false;
    state.work = null;
    void checkPending();
  },
};

function begin(work) {
  state.running = true;
  state.work = work;
}

function showWork() {
  const text = state.work === undefined ? 'Thinking …' : state.work;
  thread.setWorking(state.running ? text : null);
  stop.hidden = !state.running;
}

/** Messages that wait survive a reload: they are no steps yet, so the gateway does not draw them. */
function savePending() {
  try {
    sessionStorage.setItem(`tiro.pending.${state.conversation}`, JSON.stringify([...state.pending]));
  } catch {
    // The browser keeps nothing for us: a reload then shows them when their turn comes.
  }
}

function restorePending() {
  let saved = [];
  try {
    saved = JSON.parse(sessionStorage.getItem(`tiro.pending.${state.conversation}`) ?? '[]');
  } catch {
    return; // as above
  }
  for (const [event, text] of saved) {
    if (document.querySelector(`[data-event="${CSS.escape(event)}"]`) !== null) continue;
    state.pending.set(event, text);
    thread.namePending(thread.addPending(text, ''), event, 'Queued');
  }
}

/** A waiting message may have been stopped or given up; then no step will ever tell. */
async function checkPending() {
  for (const event of [...state.pending.keys()]) {
    const message = await callApi(`/api/messages/${event}`).catch(() => null);
    if (message === null || ['queued', 'running', 'stale'].includes(message.status)) continue;
    state.pending.delete(event);
    const piece = document.querySelector(`[data-pending="${CSS.escape(event)}"] .byline`);
    if (message.turn === null && piece !== null)
      piece.textContent = `Not answered: ${message.reason ?? message.status}`;
    else thread.takePending(event);
    savePending();
  }
}
