const hourMs = 3_600_000;
const mostSenders = 2_000;

/**
 * Lets so many mails of one sender pass in an hour, the same mail as often as it comes. In memory, of 2,000 senders: a loop
 * is fast, and begins anew after a restart.
 */
export function createPace(
  clock: { elapsed(): number },
  mostPerHour: number,
): (sender: string, mail: string) => boolean {
  const bySender = new Map<string, Map<string, number>>();
  return (sender, mail) => {
    const now = clock.elapsed();
    const mails = bySender.get(sender) ?? new Map<string, number>();
    for (const [id, at] of mails) if (now - at >= hourMs) mails.delete(id);
    bySender.delete(sender);
    bySender.set(sender, mails);
    const [oldest] = bySender.keys();
    if (bySender.size > mostSenders && oldest !== undefined) bySender.delete(oldest);
    if (mails.has(mail)) return true;
    if (mails.size >= mostPerHour) return false;
    mails.set(mail, now);
    return true;
  };
}
