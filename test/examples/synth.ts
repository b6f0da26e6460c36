import { spawnSync } from 'child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { parseAllDocuments } from 'yaml';

const ROOT = join(__dirname, '../..');

/** What `cdk8s synth` made of an example. */
export interface Synthesized {
  /** The content of each file, by its path in the output folder. */
  readonly files: Record<string, string>;

  /** All objects of those files, in order. */
  readonly objects: any[];

  /** What was printed beside them. */
  readonly stderr: string;
}

/** Runs `cdk8s synth` in the folder of an example, as its README says. */
export function synth(example: string, ...options: string[]): Synthesized {
  const output = mkdtempSync(join(tmpdir(), 'example-'));
  try {
    const { status, stdout, stderr } = spawnSync(
      process.execPath, [join(ROOT, 'node_modules/.bin/cdk8s'), 'synth', '--check-upgrade=false', '--output', output, ...options],
      { cwd: join(ROOT, 'examples', example), encoding: 'utf8', timeout: 60_000 },
    );
    if (status !== 0) {
      throw new Error(`cdk8s synth of ${example} failed:\n${stdout}${stderr}`);
    }
    const files = Object.fromEntries(readAll(output).map(path => [path, readFileSync(join(output, path), 'utf8')]));
    const manifests = Object.entries(files).filter(([path]) => path.endsWith('.k8s.yaml'));
    return { files, stderr, objects: manifests.flatMap(([, text]) => parseAllDocuments(text).map(document => document.toJS())) };
  } finally {
    rmSync(output, { recursive: true });
  }
}

/** The README of an example. */
export function readme(example: string): string {
  return readFileSync(join(ROOT, 'examples', example, 'README.md'), 'utf8');
}

function readAll(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true }) as string[];
  return paths.filter(path => statSync(join(folder, path)).isFile()).sort();
}
