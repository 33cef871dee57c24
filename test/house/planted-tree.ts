import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const root = fileURLToPath(new URL('../..', import.meta.url));

const reportSchema = z.object({
  diagnostics: z.array(
    z.object({ message: z.string(), code: z.string().default('syntax error'), filename: z.string() }),
  ),
});

export type Finding = z.infer<typeof reportSchema>['diagnostics'][number];

export interface PlantedFile {
  readonly file: string;
  readonly text: string;
}

/**
 * Lints `files` in a temporary tree that has this project's own lint and type settings, in one run; texts for the
 * same file are put one after the other. The tree is gone when it returns.
 */
export function lintPlanted(files: readonly PlantedFile[]): Finding[] {
  const tree = mkdtempSync(join(tmpdir(), 'tiro-planted-'));
  try {
    for (const name of ['oxlint.config.ts', 'tsconfig.json', 'package.json', 'test/house']) {
      cpSync(join(root, name), join(tree, name), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'), 'dir');
    for (const { file, text } of files) {
      mkdirSync(dirname(join(tree, file)), { recursive: true });
      appendFileSync(join(tree, file), text);
    }
    return lint(tree);
  } finally {
    rmSync(tree, { recursive: true });
  }
}

/** The findings of a whole tree: the same program and settings as `npm run lint`. */
export function lint(tree: string): Finding[] {
  const oxlint = join(root, 'node_modules/oxlint/bin/oxlint');
  const run = spawnSync(process.execPath, [oxlint, '--type-aware', '--format', 'json'], {
    cwd: tree,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  // Anything but a report (a bad setting, a crash of the linter) must not read as "nothing found".
  if (!run.stdout.trimStart().startsWith('{')) throw new Error(`oxlint: ${run.stdout}${run.stderr}`);
  return reportSchema.parse(JSON.parse(run.stdout)).diagnostics;
}
