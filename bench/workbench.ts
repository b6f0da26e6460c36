import { execFileSync, spawnSync } from 'child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { basename, join } from 'path';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';

const ROOT = join(__dirname, '..');
const PACKAGES = ['cdk8s', 'cdk8s-plus-28', 'constructs', 'yaml'];

/** Compiles the library if a source is newer than what it was compiled to: that, not the source, is what users run. */
export function compileLibrary(): void {
  const sources = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts') && !file.endsWith('.d.ts'));
  const stale = sources.some(file => modified(join(ROOT, 'lib', file.replace(/\.ts$/, '.js'))) < modified(join(ROOT, 'lib', file)));
  if (stale) {
    process.stderr.write('compiling the library first\n');
    execFileSync('npx', ['projen', 'compile'], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  }
}

function modified(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** A folder with the compiled programs of this folder, where the library is installed as users have it. */
export function setUp(): string {
  const folder = mkdtempSync(join(tmpdir(), 'workbench-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules', 'cdk8s-high-availability'));
  PACKAGES.forEach(name => symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name)));
  for (const file of readdirSync(__dirname).filter(f => f.endsWith('.ts'))) {
    const { outputText } = transpileModule(readFileSync(join(__dirname, file), 'utf8'), {
      compilerOptions: { module: ModuleKind.CommonJS, target: ScriptTarget.ES2022, esModuleInterop: true },
    });
    writeFileSync(join(folder, `${basename(file, '.ts')}.js`), outputText);
  }
  return folder;
}

export function tearDown(folder: string): void {
  rmSync(folder, { recursive: true });
}

/** @returns what a fresh process prints */
export function runProcess(folder: string, program: string, args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } });
  if (status !== 0) {
    throw new Error(`${program} ${args.join(' ')} failed:\n${stderr}`);
  }
  return stdout;
}
