import { readFileSync } from 'node:fs';

/**
 * When a process started, as the system counts it (field 22 of /proc/<pid>/stat): with the pid it names one process
 * for good. Null where there is no such process or no /proc.
 */
export function processStarted(pid: number): string | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null; // no such process, or a system without /proc
  }
  // The second field is a name in brackets that may hold spaces and brackets of its own.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[19] ?? null;
}
