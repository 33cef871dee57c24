import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';

interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly rssKb: number;
}

/** Resident memory of a process and of everything it started, in MB: the sum of VmRSS over the tree. */
export function treeRssMb(root: number): number {
  const processes = existsSync('/proc/self/status') ? fromProc() : fromPs();
  const rssKbOf = (pid: number): number => {
    const own = processes.find((process) => process.pid === pid)?.rssKb ?? 0;
    const children = processes.filter((process) => process.parent === pid);
    return children.reduce((total, child) => total + rssKbOf(child.pid), own);
  };
  return rssKbOf(root) / 1024;
}

function fromProc(): readonly ProcessInfo[] {
  return readdirSync('/proc').flatMap((name) => {
    const status = /^\d+$/.test(name) ? readStatus(name) : null;
    if (status === null) return [];
    const field = (key: string): number =>
      Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
    return [{ pid: Number(name), parent: field('PPid'), rssKb: field('VmRSS') }];
  });
}

function readStatus(pid: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return null; // it ended meanwhile
  }
}

function fromPs(): readonly ProcessInfo[] {
  const lines = execFileSync('ps', ['-axo', 'pid=,ppid=,rss='], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => {
    const [pid = 0, parent = 0, rssKb = 0] = line.trim().split(/\s+/).map(Number);
    return { pid, parent, rssKb };
  });
}
