#!/usr/bin/env node
/**
 * Installs what is missing and does nothing when nothing is: `npm start` and `npm test` run it first. It must run on
 * any Node from 16 on and without a package, because it is what brings Node 24 and the packages.
 *
 *     node bin/prepare.mjs          what the gateway needs: the packages of `dependencies`, and some Node >= 24
 *     node bin/prepare.mjs --dev    what the tests need: every package, the project's own Node too
 *
 * Who has told npm to leave optional packages out (`omit=optional` in .npmrc, or npm_config_omit) gets none for a start; the
 * tests need them.
 *
 * Only one install script is run, that of the package `node`: a start must not need a compiler, and no other
 * dependency gets to run code here.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const leastNode = 24;
/** The npm of an old Node would warn of each package that is made for a newer one; that one is being installed. */
const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');

const missing = whatIsMissing(process.argv.includes('--dev'));
if (missing !== null) install(missing, process.argv.includes('--dev'));

/** Null when nothing is missing; else why to install, and whether the packages for developing are wanted too. */
function whatIsMissing(dev) {
  const { '': project, ...wanted } = readPackages(join(root, 'package-lock.json'));
  const present = readPackages(join(modules, '.package-lock.json'));
  const hasNode = major(process.versions.node) >= leastNode;
  const needsDev = dev || !hasNode || Object.values(present).some((entry) => entry.dev);
  const chosen = Object.keys((dev && project?.optionalDependencies) || {}).map(
    (name) => `node_modules/${name}`,
  );
  const stale =
    Object.keys(wanted).find((place) => isStale(wanted[place], present[place], needsDev)) ??
    chosen.find((place) => present[place] === undefined);
  if (stale !== undefined) {
    const name = stale.replace(/^.*node_modules\//, '');
    return {
      reason: existsSync(modules) ? `${name} is not the one of package-lock.json` : 'first start',
      needsDev,
    };
  }
  if (needsDev && !hasOwnNode()) return { reason: 'its own Node is missing', needsDev };
  return null;
}

/** Optional packages may be for another platform, or left out on purpose. */
function isStale(wanted, present, needsDev) {
  if (wanted.optional || wanted.devOptional || wanted.link || (wanted.dev && !needsDev)) return false;
  return present === undefined || present.version !== wanted.version;
}

function readPackages(file) {
  if (!existsSync(file)) return {};
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/** The package `node` is a shell that its install script fills. */
function hasOwnNode() {
  try {
    accessSync(join(modules, 'node', 'bin', 'node'), constants.X_OK);
    return (
      major(JSON.parse(readFileSync(join(modules, 'node', 'package.json'), 'utf8')).version) >= leastNode
    );
  } catch {
    return false;
  }
}

function major(version) {
  return Number.parseInt(version, 10);
}

function install({ reason, needsDev }, dev) {
  console.error(`tiro: installing with npm (${reason}); this takes about a quarter of a minute …`);
  // A half-made install would pass for a whole one if npm wrote its list before the failure: the checks above look
  // at that list and at the Node itself, so the next start repairs it.
  // An --omit of ours takes the place of the one that npm is configured with.
  const optional = dev ? ['--include=optional'] : omitsOptional() ? ['--omit=optional'] : [];
  runNpm(['ci', '--ignore-scripts', ...quiet, needsDev ? '--include=dev' : '--omit=dev', ...optional]);
  if (needsDev) runNpm(['rebuild', 'node', ...quiet]);
  if (needsDev && !hasOwnNode()) {
    fail(`npm did not bring Node ${leastNode}: its registry or a proxy may hold it back.`);
  }
}

/** Whether the owner's npm leaves optional packages out; where it cannot be asked, no. */
function omitsOptional() {
  const { stdout } = callNpm(['config', 'get', 'omit'], 'pipe');
  return /\boptional\b/.test(String(stdout ?? ''));
}

function callNpm(args, stdout) {
  return spawnSync('npm', args, {
    cwd: root,
    env: { ...process.env, PATH: systemPath() },
    stdio: ['ignore', stdout, 2],
    shell: process.platform === 'win32',
  });
}

function runNpm(args) {
  const result = callNpm(args, 2);
  if (result.error) fail(`npm could not be started (${result.error.message}). Install Node.js with npm.`);
  if (result.status !== 0) {
    fail(
      `npm ${args[0]} failed (see above). Is the network up, is the disk full? Offline, copy node_modules over.`,
    );
  }
}

/** npm must not be run by the Node that it is about to replace. */
function systemPath() {
  const path = process.env.PATH ?? '';
  return path
    .split(delimiter)
    .filter((folder) => !`${folder}${sep}`.startsWith(modules + sep))
    .join(delimiter);
}

function fail(why) {
  console.error(`tiro: ${why}\nThen run the same command again: it goes on from there.`);
  process.exit(69);
}
