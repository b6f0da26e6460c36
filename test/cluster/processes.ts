/**
 * The processes of one test bed. They are stopped by their process ids: by
 * `stop()`, and by a guard when this process ends in any other way.
 */
import { ChildProcess, spawn } from 'child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'fs';
import { createServer, Server } from 'net';
import { tmpdir } from 'os';
import { join } from 'path';

/**
 * A shell that notes the process ids it is sent, and ends them all when its
 * standard input closes. The kernel closes it when this process ends, whether by
 * returning, by Ctrl-C, by a crash or by SIGKILL, which no handler here would see.
 */
const GUARD = 'ids=; while read -r id; do ids="$ids $id"; done; [ -z "$ids" ] || kill -9 $ids; sleep 0.2; rm -rf "$1"';

/** How long a component may take to end by itself before it is killed. */
const STOP_TIMEOUT = 5_000;

/** A started program. */
export interface Component {
  readonly name: string;
  readonly process: ChildProcess;
  /** The last lines of what it wrote. */
  logTail(lines?: number): string;
}

/** A folder, and the processes that live in it. */
export class ProcessGroup {
  /** Keeps everything that the processes write. */
  readonly folder = mkdtempSync(join(tmpdir(), 'cdk8s-high-availability-'));

  private readonly components: Component[] = [];
  private readonly guard: ChildProcess;

  constructor() {
    // A session of its own, so that Ctrl-C in the terminal does not end the guard first.
    this.guard = spawn('/bin/sh', ['-c', GUARD, 'guard', this.folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    this.guard.unref();
    this.guard.stdin?.on('error', () => undefined);
    (this.guard.stdin as unknown as { unref(): void }).unref();
  }

  /** The process ids, in the order of start. */
  get processIds(): number[] {
    return this.components.map((component) => component.process.pid!);
  }

  /** Starts a program; its output goes to a file in the folder. */
  start(name: string, command: string, args: string[], env: Record<string, string> = {}): Component {
    const log = join(this.folder, `${name}.log`);
    const output = openSync(log, 'a');
    const child = spawn(command, args, {
      cwd: this.folder,
      // Nothing of the caller's own Kubernetes or proxy settings reaches the components.
      env: { PATH: process.env.PATH ?? '', HOME: this.folder, ...env },
      stdio: ['ignore', output, output],
      detached: true,
    });
    closeSync(output);
    child.on('error', () => undefined);
    child.unref();
    if (child.pid === undefined) {
      throw new Error(`${name} could not be started: ${command}`);
    }
    this.guard.stdin?.write(`${child.pid}\n`);
    const component: Component = {
      name,
      process: child,
      logTail: (lines = 15) => readFileSync(log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n'),
    };
    this.components.push(component);
    return component;
  }

  /**
   * Waits until a component answers.
   *
   * @throws with the tail of its log, when it ends or does not answer in time
   */
  async ready(component: Component, timeout: number, probe: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + timeout;
    for (;;) {
      if (hasEnded(component.process)) {
        throw new Error(`${component.name} ended while it started (${ending(component.process)}); the end of its log:\n${component.logTail()}`);
      }
      if (await probe().catch(() => false)) {
        return;
      }
      if (Date.now() > deadline) {
        throw new Error(`${component.name} was not ready after ${timeout / 1000} s; the end of its log:\n${component.logTail()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Ends every process, last started first, and removes the folder. */
  async stop(): Promise<void> {
    for (const component of [...this.components].reverse()) {
      await end(component.process);
    }
    this.components.length = 0;
    this.guard.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Finds ports on 127.0.0.1 that nothing uses. All are held until the last is found, so no two are the same. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, async () => new Promise<Server>((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  })));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map(async (server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function ending(child: ChildProcess): string {
  return child.signalCode ?? `exit code ${child.exitCode}`;
}

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) {
    return;
  }
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.ref();
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT);
  await ended;
  clearTimeout(timer);
}
