/**
 * Builds what the test bed runs, once: the control plane of a Kubernetes version
 * (one multiplexed binary) and KWOK, from pinned Go modules. The results are
 * kept in the cache folder of the user, for every checkout.
 */
import { execFileSync, spawn } from 'child_process';
import { createHash } from 'crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statfsSync } from 'fs';
import { availableParallelism, constants, freemem, homedir, setPriority } from 'os';
import { dirname, join } from 'path';

const SOURCES = join(__dirname, 'control-plane');
const GIBIBYTE = 2 ** 30;

/** A build fills Go's caches with sources and objects of this much, at most. */
const BUILD_DISK = 8 * GIBIBYTE;
/** The linker's need; a build with less is killed half-way. */
const BUILD_MEMORY = 3 * GIBIBYTE;

/** The programs that a test bed runs. */
export interface Binaries {
  /** etcd, apiserver, controller-manager, scheduler and kubectl, chosen by the first argument. */
  readonly controlPlane: string;
  /** The fake kubelets. */
  readonly kwok: string;
}

/** Every Kubernetes version that is pinned, oldest first. */
export const KUBERNETES_VERSIONS: string[] = readdirSync(SOURCES)
  .filter((name) => /^\d+\.\d+\.\d+$/.test(name))
  .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));

/** The newest pinned version. */
export const NEWEST_VERSION = KUBERNETES_VERSIONS[KUBERNETES_VERSIONS.length - 1];

/**
 * The version that the environment asks for.
 *
 * @returns `KUBERNETES_VERSION`, or the newest when it is not set
 * @throws when that version is not pinned
 */
export function requestedVersion(): string {
  const version = process.env.KUBERNETES_VERSION || NEWEST_VERSION;
  if (!KUBERNETES_VERSIONS.includes(version)) {
    throw new Error(`KUBERNETES_VERSION '${version}' is not pinned in test/cluster/control-plane: use one of ${KUBERNETES_VERSIONS.join(', ')}`);
  }
  return version;
}

/**
 * Gives the binaries of a version, and builds what the cache does not hold.
 *
 * @throws when Go is missing or too old, when disk or memory is short, or when a build fails
 */
export async function binaries(version: string): Promise<Binaries> {
  const kwok = await built({ name: 'kwok', module: 'kwok', target: 'sigs.k8s.io/kwok/cmd/kwok', sources: [], ldflags: '-s -w' });
  const controlPlane = await built({
    name: 'control-plane',
    module: version,
    target: join('..', 'main.go'),
    sources: ['main.go'],
    ldflags: ['-s -w', ...versionFlags(version)].join(' '),
  });
  return { kwok, controlPlane };
}

interface Build {
  readonly name: string;
  /** The folder beside main.go that has the go.mod. */
  readonly module: string;
  readonly target: string;
  /** The sources beside the modules themselves. */
  readonly sources: string[];
  readonly ldflags: string;
}

/** What `kubectl version` and `/version` tell, which upstream's own build scripts set too. */
function versionFlags(version: string): string[] {
  const [major, minor] = version.split('.');
  return ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].map((pkg) => [
    `-X ${pkg}.gitVersion=v${version}`, `-X ${pkg}.gitMajor=${major}`, `-X ${pkg}.gitMinor=${minor}`,
  ].join(' '));
}

async function built(build: Build): Promise<string> {
  const folder = join(cacheFolder(), `${build.name}-${build.module}-${fingerprint(build)}`);
  const binary = join(folder, build.name);
  if (existsSync(binary)) {
    return binary;
  }
  mkdirSync(folder, { recursive: true });
  checkGo(build);
  checkRoom(folder);

  // Another run may build the same: each writes its own file, and the last rename wins.
  const unfinished = `${binary}.${process.pid}`;
  try {
    await compile(build, unfinished);
    renameSync(unfinished, binary);
  } finally {
    rmSync(unfinished, { force: true });
  }
  return binary;
}

function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cdk8s-high-availability');
}

/** Changes whenever the same version would build into something else. */
function fingerprint(build: Build): string {
  const hash = createHash('sha256').update(JSON.stringify(build));
  for (const file of [join(build.module, 'go.mod'), join(build.module, 'go.sum'), ...build.sources]) {
    hash.update(readFileSync(join(SOURCES, file)));
  }
  return hash.digest('hex').slice(0, 12);
}

function checkGo(build: Build): void {
  const needed = /^go (\S+)$/m.exec(readFileSync(join(SOURCES, build.module, 'go.mod'), 'utf8'))?.[1] ?? '0';
  let found: string;
  try {
    found = execFileSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' }).trim().replace(/^go/, '');
  } catch (error) {
    throw new Error(`The test bed builds ${title(build)} with Go ${needed} or later, and 'go' could not be run: install it (https://go.dev/dl), or set KUBECONFIG to use a cluster that runs already. (${(error as Error).message})`);
  }
  // Go fetches a newer toolchain by itself, unless it is told not to.
  const fixed = execFileSync('go', ['env', 'GOTOOLCHAIN'], { encoding: 'utf8' }).trim() === 'local';
  if (fixed && found.localeCompare(needed, 'en', { numeric: true }) < 0) {
    throw new Error(`The test bed builds ${title(build)} with Go ${needed} or later; found ${found}, and GOTOOLCHAIN=local forbids Go to fetch a newer one`);
  }
}

function checkRoom(folder: string): void {
  const caches = execFileSync('go', ['env', 'GOCACHE', 'GOMODCACHE'], { encoding: 'utf8' }).trim().split('\n');
  for (const path of [folder, ...caches]) {
    const { bavail, bsize } = statfsSync(nearestExisting(path));
    if (bavail * bsize < BUILD_DISK) {
      throw new Error(`Building the test bed needs ${gibibytes(BUILD_DISK)} of disk below ${path}; ${gibibytes(bavail * bsize)} are free`);
    }
  }
  if (freemem() < BUILD_MEMORY) {
    throw new Error(`Building the test bed needs ${gibibytes(BUILD_MEMORY)} of memory; ${gibibytes(freemem())} are free`);
  }
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

function gibibytes(bytes: number): string {
  return `${(bytes / GIBIBYTE).toFixed(1)} GiB`;
}

function title(build: Build): string {
  return build.module === 'kwok' ? 'KWOK' : `Kubernetes ${build.module}`;
}

async function compile(build: Build, output: string): Promise<void> {
  const started = Date.now();
  const minutes = () => ((Date.now() - started) / 60_000).toFixed(1);
  progress(`building ${title(build)} (once; 2 to 10 minutes of processor time, ${availableParallelism()} processors here)`);

  const go = spawn('go', ['build', '-trimpath', '-mod=readonly', '-ldflags', build.ldflags, '-o', output, build.target], {
    cwd: join(SOURCES, build.module),
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (go.pid !== undefined) {
    setPriority(go.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  }
  // A build that this process no longer waits for would only take the processors.
  const abandon = () => go.kill();
  process.once('exit', abandon);

  let said = '';
  const keep = (chunk: Buffer) => { said = (said + chunk.toString()).slice(-4000); };
  go.stdout.on('data', keep);
  go.stderr.on('data', keep);
  const ticker = setInterval(() => progress(`still building ${title(build)}: ${minutes()} minutes so far`), 30_000);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      go.once('error', reject);
      go.once('close', resolve);
    });
    if (code !== 0) {
      throw new Error(`Building ${title(build)} failed (exit ${code}):\n${said}`);
    }
  } finally {
    clearInterval(ticker);
    process.removeListener('exit', abandon);
  }
  progress(`built ${title(build)} in ${minutes()} minutes`);
}

/** Tells what takes long, on stderr, where it mixes with no result. */
export function progress(line: string): void {
  process.stderr.write(`[test bed] ${line}\n`);
}
