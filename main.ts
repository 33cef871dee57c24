/** The roof: builds the parts and wires them in the order of the picture in docs/architecture.md. */
import { createAdapters } from '#adapters/index.ts';
import { defaultAgentOptions } from '#agent/deps.ts';
import { createLive } from '#agent/live.ts';
import { runTurn } from '#agent/run-turn.ts';
import { limitsFor } from '#budget/limits.ts';
import type { GatewayHome } from '#config/gateway-home.ts';
import { removeGatewayAddress, writeGatewayAddress } from '#config/home/gateway-address.ts';
import { type Lifecycle, createLifecycle } from '#control/life/lifecycle.ts';
import { createControlStation } from '#control/station.ts';
import type { ControlPort } from '#control/surface.ts';
import { createConversations } from '#conversation/conversation.ts';
import { defaultConversationOptions } from '#conversation/deps.ts';
import { createNotices } from '#conversation/notices.ts';
import { type Seams, noSeams } from '#core/ports/seams.ts';
import { createDirectory } from '#inbox/directory.ts';
import { createInboxStation } from '#inbox/station.ts';
import { createCheckedFetch } from '#lib/net/checked-fetch.ts';
import { createRecentCheck } from '#lib/net/recent.ts';
import { createClock } from '#lib/clock.ts';
import { createIds } from '#lib/ids.ts';
import { createRandom, randomToken } from '#lib/random.ts';
import { createMedia } from '#media/index.ts';
import { createModel, createTranscription } from '#model/index.ts';
import { quarterOfWindow } from '#model/window.ts';
import { createCompose, reachOf } from '#outbox/compose.ts';
import { createOutboxStation } from '#outbox/station.ts';
import { createPolicy, defaultRules } from '#policy/policy.ts';
import { loadCatalogue } from '#prompts/catalogue.ts';
import { createRender } from '#render/index.ts';
import { renderWhole } from '#render/whole.ts';
import { openStore } from '#store/index.ts';
import { stateOf } from '#store/state-of.ts';
import { createTools } from '#tools/index.ts';
import { createWeb, hooksOf } from '#web/index.ts';
import manifest from './package.json' with { type: 'json' };

export interface Gateway extends Lifecycle {
  readonly control: ControlPort;
  readonly loginLink: () => Promise<string>;
}

/** The whole gateway over a home; nothing runs before `start`. Rejects as `home-locked`, `schema-newer`, `store-corrupt`. */
export async function createGateway(
  home: GatewayHome,
  takeover: boolean,
  seams: Seams = noSeams,
): Promise<Gateway> {
  const ground = await createGround(home, takeover, seams);
  return createDoors(home, ground, await createStations(home, ground, seams));
}

/** What every station stands on: rows, time, people, channels, words, the model. */
async function createGround({ config, log, paths }: GatewayHome, takeover: boolean, seams: Seams) {
  const [clock, random, render] = [seams.clock(createClock()), createRandom(), createRender()];
  const ids = createIds(clock);
  const fatal = Promise.withResolvers<Error>();
  const files = { file: paths.database, lockFile: paths.lock, backupDir: paths.backups, takeover };
  const opened = await openStore({ clock, log, onFatal: fatal.resolve }, { ...files, lockWaitMs: 2_000 });
  const store = seams.store(opened);
  const directory = createDirectory({ people: store.people, listed: () => config().people });
  await directory.refresh();
  // Whoever was stopped and wakes after a takeover sends nothing that it was about to send.
  const assertEpoch = createRecentCheck(clock, () => store.boots.assertCurrent());
  const fetch = createCheckedFetch(clock, assertEpoch);
  const deps = { clock, log, random, ids, render, fetch, stateOf: stateOf(store.state) };
  const adapters = (await createAdapters(config().channels, deps, seams.platforms)).map(seams.adapter);
  const adapter = (channel: string) => adapters.find(({ name }) => name === channel) ?? null;
  const compose = createCompose({ ...deps, ...reachOf(adapter) });
  const media = createMedia({ ...deps, adapter }, paths.home);
  const model = seams.model(createModel({ ...deps, picture: media.files.read }, () => config().model));
  const transcription = createTranscription(deps, () => config().model);
  const life = { assertEpoch, lost: fatal.promise, storeNotReady: opened.notReady };
  const parts = { adapters, adapter, compose, media, files: media.files, model, transcription };
  return { ...store, ...deps, ...life, ...parts, store, directory };
}

type Ground = Awaited<ReturnType<typeof createGround>>;

/** The way of a message: inbox → conversation → agent → outbox. */
async function createStations({ config }: GatewayHome, ground: Ground, seams: Seams) {
  const { channels, door } = createInboxStation({ ...ground, access: () => config().access });
  const { deliveries, preview, feedback } = createOutboxStation(ground);
  const [live, notices, prompts] = [createLive(), createNotices(ground), await loadCatalogue()];
  const agent = {
    ...ground,
    live,
    preview,
    tools: [...createTools(ground), ...seams.tools],
    policy: createPolicy([...defaultRules, ...seams.rules]),
    tellWaiting: notices.waiting,
    tellUnheard: notices.unheard,
    systemPrompt: prompts.system,
    limits: limitsFor(() => config().budget),
  };
  const turnRuns = createConversations(
    { ...ground, live, notices, feedback, runTurn: (run) => runTurn(agent, defaultAgentOptions, run) },
    {
      ...defaultConversationOptions,
      maxChars: quarterOfWindow(ground.model),
      settings: () => config().conversation,
    },
  );
  ground.onCommit((note) => {
    turnRuns.onCommit(note);
    if (note.wake.includes('outbox')) deliveries.wake();
  });
  return { channels, door, live, turnRuns, deliveries };
}

type Stations = Awaited<ReturnType<typeof createStations>>;

/** The doors for people and programs, and the life of the process. */
function createDoors(home: GatewayHome, ground: Ground, stations: Stations): Gateway {
  const { config, paths, settings, token } = home;
  const { channels, turnRuns, deliveries } = stations;
  const notReady = () => [...ground.storeNotReady(), ...channels.notReady()];
  const { control, commands, chores } = createControlStation({
    ...ground,
    channels: { ...channels, notReady },
    home,
    version: manifest.version,
  });
  ground.onCommit((note) => note.wake.includes('commands') && commands.wake());
  const web = createWeb(
    {
      ...ground,
      ...stations,
      control,
      token,
      randomToken,
      hooks: hooksOf(ground.adapters),
      readiness: () => ({ ready: notReady().length === 0, notReady: notReady() }),
      renderHtml: renderWhole(ground.render, 'html'),
    },
    { host: config().host, port: config().port, owner: ground.directory.owner().handle },
  );
  const lifecycle = createLifecycle({
    ...ground,
    channels,
    web,
    chores,
    workers: [turnRuns, deliveries, commands, ground.media.retention],
    drains: [turnRuns.drain, deliveries.drain],
    watch: settings.watch,
    announce: (url) => writeGatewayAddress(paths, { url, pid: process.pid }),
    renounce: () => removeGatewayAddress(paths, process.pid),
  });
  return { ...lifecycle, control, loginLink: web.mintLoginLink };
}
