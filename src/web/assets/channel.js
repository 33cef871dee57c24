/** The page of a channel that a phone lets in: draws code and state anew, asks for a code to type, unlinks. */
import { callApi, fetchPiece, localiseTimes } from './page.js';

const everyMs = 2_000;
const { channel } = document.querySelector('main').dataset;
const place = document.querySelector('#link');
const byCode = document.querySelector('#by-code');
const ending = document.querySelector('#ending');
const announce = document.querySelector('#announce');
let drawn = '';
localiseTimes(place);
setInterval(refresh, everyMs);

document.querySelector('#phone-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const phone = event.currentTarget.elements.namedItem('phone').value;
  void act(event.submitter, '#phone-problem', () =>
    callApi('/api/control/channels.link', { body: { channel, phone } }),
  );
});

document.querySelector('#unlink').addEventListener('click', (event) => {
  const button = event.currentTarget;
  // The second press does it: a slip must not cost the link.
  if (button.dataset.sure !== '1') {
    button.dataset.sure = '1';
    button.classList.add('primary');
    button.textContent = 'Press again to unlink';
    return;
  }
  void act(button, '#unlink-problem', () => callApi('/api/control/channels.unlink', { body: { channel } }));
});

async function act(button, problemPlace, work) {
  const problem = document.querySelector(problemPlace);
  problem.hidden = true;
  button.disabled = true;
  try {
    await work();
    await refresh();
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  } finally {
    button.disabled = false;
  }
}

async function refresh() {
  if (document.hidden) return;
  try {
    const fresh = await fetchPiece(`/page/channels/${encodeURIComponent(channel)}`);
    if (fresh === drawn) return;
    drawn = fresh;
    place.innerHTML = fresh;
    localiseTimes(place);
    show(place.querySelector('[data-linked]').dataset);
  } catch (error) {
    if (error.status === 401) location.assign('/');
    const state = place.querySelector('.link-state');
    if (state !== null) state.textContent = error.message;
    drawn = '';
  }
}

function show({ linked, ending: mayEnd }) {
  const isLinked = linked === 'true';
  if (byCode.hidden !== isLinked) announce.textContent = isLinked ? 'It is linked.' : 'It is not linked.';
  byCode.hidden = isLinked;
  if (ending.hidden === (mayEnd !== 'true')) return;
  ending.hidden = mayEnd !== 'true';
  const unlink = document.querySelector('#unlink');
  delete unlink.dataset.sure;
  unlink.classList.remove('primary');
  unlink.textContent = 'Unlink';
}
