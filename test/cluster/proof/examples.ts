/**
 * The examples, run as their users run them.
 */
import { execFile } from 'child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { parseAllDocuments } from 'yaml';
import { KubeObject } from '../api';

const ROOT = join(__dirname, '..', '..', '..');
const FOLDER = join(ROOT, 'examples');

/** A Python that has the library, as an installed wheel, and what the examples need. */
export const PYTHON = process.env.PROOF_PYTHON;

/** A program of an example. */
export interface Example {
  /** 'web, TypeScript' */
  readonly name: string;
  readonly folder: string;
  readonly language: 'TypeScript' | 'Python';

  /** Why it cannot be run here. */
  readonly skipped?: string;
}

export const EXAMPLES: Example[] = readdirSync(FOLDER).sort().flatMap(name => {
  const folder = join(FOLDER, name);
  const programs: Example[] = [
    { name: `${name}, TypeScript`, folder, language: 'TypeScript' },
    { name: `${name}, Python`, folder, language: 'Python', skipped: PYTHON ? undefined : 'PROOF_PYTHON names no Python with the library' },
  ];
  return programs.filter(({ language }) => existsSync(join(folder, language === 'Python' ? 'main.py' : 'main.ts')));
});

/** All objects that an example makes. */
export async function manifestsOfExample({ folder, language }: Example): Promise<KubeObject[]> {
  const output = mkdtempSync(join(tmpdir(), 'example-'));
  try {
    const command = language === 'Python' ? [PYTHON!, 'main.py'] : ['npx', 'tsx', '--tsconfig', '../tsconfig.json', 'main.ts'];
    await run(command, folder, { CDK8S_OUTDIR: output });
    const files = (readdirSync(output, { recursive: true }) as string[]).filter(path => path.endsWith('.k8s.yaml')).sort();
    return files.flatMap(path => parseAllDocuments(readFileSync(join(output, path), 'utf8')).map(document => document.toJS() as KubeObject));
  } finally {
    rmSync(output, { recursive: true });
  }
}

async function run([command, ...args]: string[], cwd: string, env: Record<string, string>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    execFile(command, args, { cwd, env: { ...process.env, ...env }, timeout: 180_000 }, (error, stdout, stderr) => {
      error ? reject(new Error(`${error.message}\n${stdout}${stderr}`)) : resolve();
    });
  });
}
