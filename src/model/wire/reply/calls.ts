import type { ToolCall } from '#core/step.ts';
import { sha256Hex } from '#lib/hash.ts';
import type { CallDelta } from './chunk.ts';

/** Tool calls put together from their deltas. */
export interface CallSlots {
  /** Takes a delta; returns how many characters of arguments it brought. */
  add(delta: CallDelta): number;
  /** Calls that never got a name. */
  nameless(): number;
  /** The named ones, in order. Arguments are left as the text that came, malformed or not. */
  calls(): readonly ToolCall[];
}

interface Slot {
  id: string;
  name: string;
  arguments: string;
}

/** `usedIds` are the call ids of the conversation so far: some servers count from zero in each reply. */
export function createCallSlots(usedIds: readonly string[]): CallSlots {
  const slots: Slot[] = [];
  const slotByIndex = new Map<number, Slot>();
  return {
    add,
    nameless: () => slots.filter((slot) => slot.name === '').length,
    calls: () =>
      withIds(
        slots.filter((slot) => slot.name !== ''),
        usedIds,
      ),
  };

  function add(delta: CallDelta): number {
    const slot = slotFor(delta);
    slot.id ||= delta.id ?? '';
    slot.name ||= delta.function?.name ?? '';
    const piece = delta.function?.arguments ?? '';
    const written = typeof piece === 'string' ? piece : JSON.stringify(piece);
    slot.arguments += written;
    return written.length;
  }

  /** By index; a new id with a name at a known index is a further call from a server that numbers all of them 0. */
  function slotFor(delta: CallDelta): Slot {
    const index = delta.index ?? (beginsCall(delta) ? slots.length : Math.max(0, slots.length - 1));
    const known = slotByIndex.get(index);
    const isFurther = known !== undefined && beginsCall(delta) && known.id !== '' && known.id !== delta.id;
    if (known !== undefined && !isFurther) return known;
    const slot = { id: '', name: '', arguments: '' };
    slots.push(slot);
    slotByIndex.set(index, slot);
    return slot;
  }
}

function beginsCall(delta: CallDelta): boolean {
  return (delta.id ?? '') !== '' && (delta.function?.name ?? '') !== '';
}

/** Ids unique within the conversation; a made-up one is the same whenever the same reply is read again. */
function withIds(slots: readonly Slot[], usedIds: readonly string[]): readonly ToolCall[] {
  const taken = new Set(usedIds);
  return slots.map((slot, at) => {
    const seed = `${usedIds.length}:${at}:${slot.name}:${slot.arguments}`;
    const id = slot.id === '' || taken.has(slot.id) ? `call_${sha256Hex(seed).slice(0, 20)}` : slot.id;
    taken.add(id);
    return { id, name: slot.name, arguments: slot.arguments };
  });
}
