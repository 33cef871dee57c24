/** The thread: steps as the gateway draws them, text while it is written, and what goes on. */
import { localiseTimes } from './page.js';

export function createThread() {
  const scroller = document.querySelector('#scroller');
  const thread = document.querySelector('#thread');
  /** Beside the thread: what is read out there is whole pieces, not syllables. */
  const writing = document.querySelector('#writing');
  const pending = document.querySelector('#pending');
  const working = document.querySelector('#working');
  const workingText = document.querySelector('#working-text');
  const toEnd = document.querySelector('#to-end');
  const announce = document.querySelector('#announce');
  const partials = new Map();
  let sticks = true;
  let lastTop = 0;

  localiseTimes(document);
  scrollToEnd();
  scroller.addEventListener('scroll', () => {
    const isNearEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
    // Only who scrolls up leaves the end: content that grows moves nothing, content that shrinks ends near the end.
    if (isNearEnd) sticks = true;
    else if (scroller.scrollTop < lastTop) sticks = false;
    lastTop = scroller.scrollTop;
    toEnd.hidden = sticks;
  });
  toEnd.addEventListener('click', () => {
    sticks = true;
    scrollToEnd();
  });
  new ResizeObserver(keepAtEnd).observe(scroller.firstElementChild);
  new ResizeObserver(keepAtEnd).observe(scroller);

  return {
    addStep,
    addDelta,
    dropPartial,
    dropPartials,
    setWorking,
    addPending,
    namePending,
    takePending,
    scrollToEnd,
    say,
  };

  /** Adds a step's piece once. */
  function addStep(seq, html) {
    if (html === '' || document.getElementById(`step-${seq}`) !== null) return;
    document.querySelector('#welcome')?.remove();
    const piece = fromHtml(html);
    localiseTimes(piece);
    thread.append(piece);
  }

  function addDelta(turn, text) {
    let partial = partials.get(turn);
    if (partial === undefined) {
      partial = fromHtml(
        '<article class="message by-tiro partial"><header class="byline">Tiro</header><div class="prose"></div></article>',
      ).firstElementChild;
      partials.set(turn, partial);
      writing.append(partial);
    }
    partial.querySelector('.prose').append(text);
  }

  function dropPartial(turn) {
    partials.get(turn)?.remove();
    partials.delete(turn);
  }

  function dropPartials() {
    for (const turn of [...partials.keys()]) dropPartial(turn);
  }

  /** Null: nothing goes on. */
  function setWorking(text) {
    working.hidden = text === null;
    if (text !== null) workingText.textContent = text;
  }

  /** A message of one's own that is not a step yet. */
  function addPending(text, state) {
    document.querySelector('#welcome')?.remove();
    const isCommand = text.startsWith('/');
    const bubble = fromHtml(
      '<article class="message by-person"><header class="byline"></header><p class="words"></p></article>',
    ).firstElementChild;
    bubble.classList.add(isCommand ? 'command' : 'pending');
    bubble.querySelector('.byline').textContent = isCommand ? '' : state;
    bubble.querySelector('.words').textContent = text;
    // A command never becomes a step; it stays where it was said.
    (isCommand ? thread : pending).append(bubble);
    return bubble;
  }

  function namePending(bubble, event, state) {
    bubble.dataset.pending = event;
    bubble.querySelector('.byline').textContent = state;
  }

  function takePending(event) {
    pending.querySelector(`[data-pending="${CSS.escape(event)}"]`)?.remove();
  }

  function scrollToEnd() {
    scroller.scrollTop = scroller.scrollHeight;
  }

  function keepAtEnd() {
    if (sticks) scrollToEnd();
  }

  /** For those who listen to the page. */
  function say(text) {
    announce.textContent = text;
  }
}

function fromHtml(html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  return template.content;
}
