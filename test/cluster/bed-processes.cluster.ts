/**
 * The test bed tests itself: nothing of it is left, however it ends.
 */
import { spawn } from 'child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'fs';
import { dirname, join } from 'path';
import { requestedVersion } from './binaries';
import { ControlPlane, startControlPlane } from './control-plane';
import { ProcessGroup } from './processes';
import { until } from './until';

const describeOnFakeNodes = process.env.KUBECONFIG ? describe.skip : describe;

describeOnFakeNodes('the processes of a test bed', () => {
  test('end with stop(), and leave no folder', async () => {
    const plane = await startControlPlane({ version: requestedVersion(), nodes: { zones: ['zone-a'], nodesPerZone: 1 } });
    expect(plane.processIds.filter(runs)).toHaveLength(5);
    await plane.stop();
    expect(plane.processIds.filter(runs)).toEqual([]);
    expect(existsSync(dirname(plane.kubeconfig))).toBe(false);
    await plane.stop();
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGKILL', 'exit'] as const)('end when the process that started them ends by %s', async (ending) => {
    const program = `require('./control-plane').startControlPlane({ version: '${requestedVersion()}' }).then((plane) => {
      console.log(JSON.stringify(plane));
      ${ending === 'exit' ? 'process.exit(0);' : 'setInterval(() => undefined, 1000);'}
    })`;
    const parent = spawn(process.execPath, ['-r', 'ts-node/register/transpile-only', '-e', program], {
      cwd: __dirname,
      env: { ...process.env, TS_NODE_PROJECT: join(__dirname, '..', '..', 'tsconfig.json') },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const plane = await new Promise<ControlPlane>((resolve, reject) => {
      let said = '';
      parent.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.endsWith('\n')) {
          resolve(JSON.parse(said) as ControlPlane);
        }
      });
      parent.once('exit', (code) => reject(new Error(`ended with ${code} before it said what it started: '${said}'`)));
    });
    expect(plane.processIds).toHaveLength(5);
    if (ending !== 'exit') {
      parent.kill(ending);
    }
    await until(async () => !plane.processIds.some(runs), { timeout: 10, description: 'the processes to end' });
    await until(async () => !existsSync(dirname(plane.kubeconfig)), { timeout: 10, description: 'the folder to go' });
  });

  test('tell why they do not start, and are stopped', async () => {
    const group = new ProcessGroup();
    const shell = group.start('apiserver', '/bin/sh', ['-c', 'echo no such flag; exit 3']);
    await expect(group.ready(shell, 5_000, async () => false)).rejects.toThrow(/apiserver ended while it started \(exit code 3\).*no such flag/s);
    const sleeper = group.start('kwok', '/bin/sh', ['-c', 'echo thinking; exec sleep 60']);
    await expect(group.ready(sleeper, 300, async () => false)).rejects.toThrow(/kwok was not ready after 0.3 s.*thinking/s);
    await group.stop();
    expect(runs(sleeper.process.pid!)).toBe(false);
    expect(existsSync(group.folder)).toBe(false);
  });

  test('listen on the loopback interface only', async () => {
    const plane = await startControlPlane({ version: requestedVersion(), nodes: { zones: ['zone-a'], nodesPerZone: 1 } });
    try {
      // Linux's own table: local address and port in hexadecimal, state 0A is listening.
      for (const table of ['/proc/net/tcp', '/proc/net/tcp6'].filter(existsSync)) {
        const open = readFileSync(table, 'utf8').split('\n').slice(1).map((line) => line.trim().split(/\s+/)).filter((row) => row[3] === '0A');
        const ours = open.filter((row) => plane.processIds.some((id) => inodes(id).has(row[9])));
        expect(ours.map((row) => row[1].split(':')[0]).filter((address) => address !== '0100007F')).toEqual([]);
        expect(table.endsWith('6') || ours.length >= 6).toBe(true);
      }
    } finally {
      await plane.stop();
    }
  });
});

function runs(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}

/** The sockets of a process. */
function inodes(id: number): Set<string> {
  const links = readdirSync(`/proc/${id}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${id}/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}
