import { createUlid, randomCode, ulidTime } from './random.ts';

/** Ids with the prefix of their noun; the shape of core's IdsPort. */
export interface Ids {
  event(): `evt_${string}`;
  conversation(): `cnv_${string}`;
  turn(): `trn_${string}`;
  delivery(): `dlv_${string}`;
  spend(): `spd_${string}`;
  approval(): string;
  pairingCode(): string;
}

export function createIds(clock: { now(): number }): Ids {
  const ulid = createUlid(() => clock.now());
  return {
    event: () => `evt_${ulid()}`,
    conversation: () => `cnv_${ulid()}`,
    turn: () => `trn_${ulid()}`,
    delivery: () => `dlv_${ulid()}`,
    spend: () => `spd_${ulid()}`,
    approval: approvalCode,
    pairingCode: () => `${randomCode(4)}-${randomCode(4)}`,
  };
}

/** When an id was made (epoch ms); null for text that tells none. */
export function bornAt(id: string): number | null {
  return ulidTime(id.slice(id.indexOf('_') + 1));
}

/** Always with a digit, so that "deny that" is not read as a decision on approval THAT. */
function approvalCode(): string {
  const code = randomCode(4);
  return /[0-9]/.test(code) ? code : approvalCode();
}
