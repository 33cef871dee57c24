import { expect, test } from 'vitest';
import type { Identity } from '#core/address.ts';
import type { KnownIdentity, Role } from '#core/person.ts';
import { type ListedPerson, createDirectory } from './directory.ts';

function person(role: 'owner' | 'member', ...identities: readonly string[]): ListedPerson {
  return { role, identities, timezone: 'Europe/Rome', language: 'it', approve: null };
}

function paired(identity: Identity, handle: string, role: Role): KnownIdentity {
  return { identity, handle, role, name: '', since: 1, timezone: null, language: null };
}

async function directoryOf(
  listed: Readonly<Record<string, ListedPerson>>,
  identities: readonly KnownIdentity[] = [],
): Promise<ReturnType<typeof createDirectory>> {
  const people = { identities: () => Promise.resolve(identities) };
  const directory = createDirectory({ people, listed: () => listed });
  await directory.refresh();
  return directory;
}

test('who is neither listed nor paired is nobody', async () => {
  const directory = await directoryOf({ ann: person('owner', 'telegram:7') });
  expect(directory.resolve('telegram:70')).toBeNull();
  expect(directory.resolve('slack:7')).toBeNull();
  expect(directory.person('nobody')).toMatchObject({ role: 'guest', approves: 'none' });
});

test('with nobody listed or paired the page still has an owner', async () => {
  const directory = await directoryOf({});
  expect(directory.owner()).toMatchObject({ handle: 'owner', role: 'owner', approves: 'all' });
  expect(directory.resolve('telegram:7')).toBeNull();
});

test('the owner of the config is the owner; without one it is who was paired as owner', async () => {
  const rows = [paired('telegram:8', 'bob', 'member'), paired('telegram:7', 'ann', 'owner')];
  expect((await directoryOf({ eve: person('owner') }, rows)).owner()).toMatchObject({ handle: 'eve' });
  expect((await directoryOf({}, rows)).owner()).toMatchObject({ handle: 'ann', approves: 'all' });
});

test('config wins over a pairing, for the identity and for the handle', async () => {
  const rows = [paired('telegram:7', 'ann', 'owner')];
  const directory = await directoryOf({ ann: person('member'), eve: person('owner') }, rows);
  expect(directory.resolve('telegram:7')).toMatchObject({ handle: 'ann', role: 'member', approves: 'none' });
  const elsewhere = await directoryOf({ bob: person('member', 'telegram:7') }, rows);
  expect(elsewhere.resolve('telegram:7')).toMatchObject({ handle: 'bob', role: 'member' });
});

test('a member decides asks of their own only where config says so', async () => {
  const bob = person('member', 'telegram:8');
  const approves = async (entry: ListedPerson): Promise<string | undefined> =>
    (await directoryOf({ bob: entry })).resolve('telegram:8')?.approves;
  expect(await approves(bob)).toBe('none');
  expect(await approves({ ...bob, approve: 'own' })).toBe('own');
});

test('only config lists: a pairing does not', async () => {
  const directory = await directoryOf({ ann: person('owner', 'telegram:7') }, [
    paired('telegram:8', 'bob', 'member'),
  ]);
  expect([directory.isListed('telegram:7'), directory.isListed('telegram:8')]).toEqual([true, false]);
});

test('names of objects are no people', async () => {
  const directory = await directoryOf({});
  for (const handle of ['__proto__', 'constructor', 'toString']) {
    expect(directory.person(handle)).toMatchObject({ handle, role: 'guest' });
    expect(directory.resolve(`telegram:${handle}`)).toBeNull();
  }
});

test('users of the API are people of their own, each with the rights of the token', async () => {
  const directory = await directoryOf({ bob: person('member', 'api:bob') });
  expect(directory.resolve('api:bob')).toMatchObject({ handle: 'bob', role: 'member' });
  const [one, two] = [directory.resolve('api:Bob'), directory.resolve('api:bob ')];
  expect(one).toMatchObject({ role: 'owner' });
  expect(one?.handle).not.toBe(two?.handle);
});

test('what is linked to somebody whom config names has their voice in groups and their time zone', async () => {
  const directory = await directoryOf({ ann: person('owner'), bob: person('member', 'telegram:8') }, [
    { ...paired('slack:8', 'bob', 'member'), timezone: 'Asia/Tokyo' },
    { ...paired('telegram:50', 'eve', 'member'), timezone: 'Asia/Tokyo', language: 'ja' },
  ]);
  const speaks = ['telegram:8', 'slack:8', 'telegram:50', 'telegram:99'] as const;
  expect(speaks.map((identity) => directory.speaksInGroups(identity))).toEqual([true, true, false, false]);
  expect(directory.resolve('slack:8')).toMatchObject({ timezone: 'Europe/Rome', language: 'it' });
  expect(directory.resolve('telegram:50')).toMatchObject({ timezone: 'Asia/Tokyo', language: 'ja' });
  expect(directory.known().find(({ handle }) => handle === 'eve')).toMatchObject({ language: 'ja' });
  expect(['bob', 'eve'].map((handle) => directory.isNamed(handle))).toEqual([true, false]);
});

test('a member who is called owner is a member', async () => {
  const listed = await directoryOf({ owner: person('member', 'telegram:9') });
  expect(listed.resolve('telegram:9')).toMatchObject({ handle: 'owner', role: 'member', approves: 'none' });
  const letIn = await directoryOf({}, [paired('telegram:9', 'owner', 'member')]);
  expect(letIn.resolve('telegram:9')).toMatchObject({ handle: 'owner', role: 'member', approves: 'none' });
  expect(letIn.speaksInGroups('telegram:9')).toBe(false);
  expect([listed.owner().role, letIn.owner().role]).toEqual(['owner', 'owner']);
});
