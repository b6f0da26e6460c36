/**
 * Pins a Kubernetes version: writes control-plane/<version>/go.mod and go.sum.
 *
 * Run by hand when a version is added: `npx ts-node test/cluster/pin-version.ts 1.34.4`.
 *
 * `k8s.io/kubernetes` replaces its own staging modules by folders of its
 * repository, and Go honours replacements of the main module only. So the pinned
 * module asks for what upstream asks for, and replaces each staging module by the
 * release of the same number.
 */
import { execFileSync } from 'child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';

const STAGING = /^\t(k8s\.io\/\S+) => \.\/staging\//gm;

function pin(version: string): void {
  const folder = join(__dirname, 'control-plane', version);
  const work = mkdtempSync(join(tmpdir(), 'pin-version-'));
  try {
    const answer = execFileSync('go', ['mod', 'download', '-json', `k8s.io/kubernetes@v${version}`], { cwd: work, encoding: 'utf8' });
    const upstream = readFileSync((JSON.parse(answer) as { GoMod: string }).GoMod, 'utf8');
    writeFileSync(join(work, 'go.mod'), goMod(version, upstream));
    copyFileSync(join(__dirname, 'control-plane', 'main.go'), join(work, 'main.go'));
    execFileSync('go', ['mod', 'tidy'], { cwd: work, stdio: 'inherit' });
    mkdirSync(folder, { recursive: true });
    copyFileSync(join(work, 'go.mod'), join(folder, 'go.mod'));
    copyFileSync(join(work, 'go.sum'), join(folder, 'go.sum'));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function goMod(version: string, upstream: string): string {
  const staged = [...upstream.matchAll(STAGING)].map((match) => match[1]);
  const release = version.replace(/^1\./, 'v0.');
  const head = /^go .*$(\n\ngodebug .*$)?/m.exec(upstream)?.[0] ?? 'go 1.24.0';
  // Requirements of v0.0.0 stand for the staging modules, and are replaced below.
  const requirements = [...upstream.matchAll(/^require \([^)]*\)/gm)].map((match) => match[0]);
  return [
    'module control-plane',
    head,
    `require k8s.io/kubernetes v${version}`,
    ...requirements,
    `replace (\n${staged.map((name) => `\t${name} => ${name} ${release}`).join('\n')}\n)`,
  ].join('\n\n') + '\n';
}

const [version] = process.argv.slice(2);
if (!version || !/^1\.\d+\.\d+$/.test(version)) {
  throw new Error(`Give one Kubernetes version such as 1.34.4, not '${version ?? ''}'`);
}
pin(version);
