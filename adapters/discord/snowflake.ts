import { z } from 'zod';

/** What is compared with others has to be a number. */
export const snowflakeSchema = z.string().regex(/^\d{1,20}$/);
const epochMs = 1_420_070_400_000n;

/** When a snowflake was made, and the first one of a moment (epoch ms). */
export function timeOf(snowflake: string): number {
  return Number((BigInt(snowflake) >> 22n) + epochMs);
}

export function snowflakeAt(at: number): string {
  return String((BigInt(Math.max(Math.floor(at), Number(epochMs))) - epochMs) << 22n);
}

export function isLater(a: string, b: string): boolean {
  return BigInt(a) > BigInt(b);
}
