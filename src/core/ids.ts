/**
 * Ids are text with a prefix that names their noun, so a wrong id is a type error without a cast.
 * The part behind the prefix is a ULID: sortable by time (see lib/ids).
 */
export type EventId = `evt_${string}`;
export type ConversationId = `cnv_${string}`;
export type TurnId = `trn_${string}`;
export type DeliveryId = `dlv_${string}`;
export type SpendId = `spd_${string}`;

/** Short, spoken and typed by people: four Crockford base-32 characters, unique among pending approvals. */
export type ApprovalId = string;

/** Makes new ids. The only source of identity in the kernel; tests hand in a counting one. */
export interface IdsPort {
  event(): EventId;
  conversation(): ConversationId;
  turn(): TurnId;
  delivery(): DeliveryId;
  spend(): SpendId;
  approval(): ApprovalId;
  /** A secret for one use: 8 characters of a 32-letter alphabet, grouped as ABCD-EFGH. */
  pairingCode(): string;
}
