/** The people page: lets strangers in or refuses them, makes codes, and draws itself anew every few seconds. */
import { callApi, fetchPiece, localiseTimes } from './page.js';

const everyMs = 5_000;
const door = document.querySelector('#people');
const made = document.querySelector('#made');
const announce = document.querySelector('#announce');
localiseTimes(document);
setInterval(refresh, everyMs);

door.addEventListener('submit', (event) => {
  event.preventDefault();
  const card = event.target.closest('[data-code]');
  const handle = card.querySelector('input[name="handle"]').value.trim();
  const role = card.querySelector('select[name="role"]').value;
  void decide(card, 'people.pair', { code: card.dataset.code, handle: handle === '' ? null : handle, role });
});
door.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-act="refuse"]');
  const card = button?.closest('[data-code]');
  if (card) void decide(card, 'people.refuse', { code: card.dataset.code });
});
document.querySelector('#link').addEventListener('click', async (event) => {
  const button = event.currentTarget;
  button.disabled = true;
  try {
    const { code } = await callApi('/api/control/people.link', { body: { handle: null } });
    say(made, `Send /pair ${code} to the bot from your other channel, within an hour.`);
    await refresh();
  } catch (error) {
    say(made, error.message);
  } finally {
    button.disabled = false;
  }
});

function say(place, text) {
  place.textContent = text;
  place.hidden = false;
}

async function decide(card, command, body) {
  const problem = card.querySelector('.problem');
  const controls = card.querySelectorAll('button, input, select');
  for (const control of controls) control.disabled = true;
  try {
    const answer = await callApi(`/api/control/${command}`, { body });
    card.remove();
    announce.textContent = answer.paired ?? `${answer.refused} is refused.`;
    await refresh();
  } catch (error) {
    say(problem, error.message);
    for (const control of controls) control.disabled = false;
  }
}

async function refresh() {
  if (document.hidden) return;
  try {
    const template = document.createElement('template');
    template.innerHTML = await fetchPiece('/page/people');
    for (const id of ['codes', 'known']) {
      const place = document.querySelector(`#${id}`);
      place.replaceChildren(...template.content.querySelector(`#${id}`).childNodes);
    }
    drawDoor(template.content.querySelector('#people'));
    localiseTimes(document);
  } catch (error) {
    if (error.status === 401) location.assign('/');
    // Else it stays as it was; the next look tells more.
  }
}

/** A card in which something was begun stays as it is, as long as its stranger waits. */
function drawDoor(fresh) {
  const kept = new Map([...door.children].filter(isBegun).map((card) => [keyOf(card), card]));
  const cards = [...fresh.children].map((card) => kept.get(keyOf(card)) ?? card);
  const isSame = cards.length === door.children.length && cards.every((card) => kept.has(keyOf(card)));
  if (!isSame) {
    const focused = document.activeElement;
    door.replaceChildren(...cards);
    if (door.contains(focused)) focused.focus();
  }
}

function isBegun(card) {
  if (card.dataset.code === undefined) return false;
  const handle = card.querySelector('input[name="handle"]').value;
  const role = card.querySelector('select[name="role"]').value;
  const isTold = !card.querySelector('.problem').hidden;
  return handle !== '' || role !== 'member' || isTold || card.contains(document.activeElement);
}

function keyOf(card) {
  return `${card.dataset.code} ${card.dataset.kind}`;
}
