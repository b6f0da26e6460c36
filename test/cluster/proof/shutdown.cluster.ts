/**
 * Whether requests are lost when a process ends: real processes, real requests, on 127.0.0.1.
 *
 * What a cluster adds is a model here. When the end of a pod is decided, two things begin at the same moment: the kubelet runs the drain delay and then
 * sends SIGTERM; and every proxy is told to send nothing to the pod any more, which takes a while. The model's one proxy is told after `PROPAGATION`, and
 * goes on sending until then. Delay and grace come from the manifest. All times are shorter than in a cluster, by `FACTOR`.
 */
import { spawnSync } from 'child_process';
import * as http from 'http';
import { join } from 'path';
import { KubeObject } from '../api';
import { requestedVersion } from '../binaries';
import { Component, freePorts, ProcessGroup } from '../processes';
import { EXAMPLES, manifestsOfExample, PYTHON } from './examples';
import { manifestsOf, ofKind } from './manifests';
import { measured } from './measured';
import { seconds } from './trial';

/** A second here is six in a cluster: as short as the real time that the processes themselves need allows. */
const FACTOR = 6;

/** In a cluster: 10 s, more than proxies inside need, less than the load balancers of some clouds. */
const PROPAGATION = 10 / FACTOR;

/** In a cluster: 20 s, of the 30 s that a process has for open requests. */
const SLOW = 20 / FACTOR;

const CLIENTS = 6;
/** Between two requests of one client. */
const PAUSE = 0.01;
const MOST_REQUESTS = 5_000;

/**
 * A server as it should be: once SIGTERM has come, it answers what is open, closes each connection after its answer, and ends. (`close` alone would go on
 * serving the connections that are kept, until SIGKILL.)
 */
const NODE_SERVER = `
let stopping = false;
const server = require('http').createServer((request, response) => {
  setTimeout(() => response.writeHead(200, stopping ? { connection: 'close' } : {}).end('ok'), request.url === '/slow' ? ${SLOW * 1000} : 3);
});
server.keepAliveTimeout = 75_000;
server.listen(Number(process.argv[1]), '127.0.0.1');
process.on('SIGTERM', () => {
  stopping = true;
  server.close(() => process.exit(0));
});
`;

/** How a pod is to end. */
interface Termination {
  /** Seconds until SIGTERM. */
  readonly delay: number;

  /** Seconds until SIGKILL. */
  readonly grace: number;
}

/** What the kubelet would read in a manifest, in the time of the model. */
function terminationOf(manifests: KubeObject[]): Termination {
  const { containers, terminationGracePeriodSeconds } = ofKind(manifests, 'Deployment').spec.template.spec;
  const { sleep, exec } = containers[0].lifecycle.preStop;
  return { delay: Number(sleep?.seconds ?? exec.command[1]) / FACTOR, grace: terminationGracePeriodSeconds / FACTOR };
}

type Start = (group: ProcessGroup, port: number) => Component;

interface Server {
  readonly port: number;
  readonly component: Component;
}

/** Sends each request to one of the servers that it knows of, in turn, and counts the answers. */
class Proxy {
  answered = 0;
  lost = 0;

  private readonly agents = new Map<number, http.Agent>();
  private turn = 0;
  private running = true;
  private clients: Array<Promise<void>> = [];

  constructor(servers: Server[], keepAlive: boolean) {
    servers.forEach(({ port }) => this.agents.set(port, new http.Agent({ keepAlive })));
  }

  begin(paths: string[]): void {
    this.clients = paths.map(async path => {
      while (this.running && this.answered + this.lost < MOST_REQUESTS) {
        (await this.send(path)) ? this.answered++ : this.lost++;
        await seconds(PAUSE);
      }
    });
  }

  /** Sends nothing to a server any more; open requests go on. */
  forget({ port }: Server): void {
    this.agents.delete(port);
  }

  async end(): Promise<void> {
    this.running = false;
    await Promise.all(this.clients);
    this.agents.forEach(agent => agent.destroy());
  }

  private async send(path: string): Promise<boolean> {
    const known = [...this.agents];
    const [port, agent] = known[this.turn++ % known.length];
    return new Promise(resolve => {
      const request = http.get({ host: '127.0.0.1', port, path, agent, timeout: 20_000 }, response => {
        response.on('error', () => resolve(false)).on('end', () => resolve(response.statusCode === 200)).resume();
      });
      request.on('timeout', () => request.destroy()).on('error', () => resolve(false));
    });
  }
}

interface Outcome {
  readonly answered: number;
  readonly lost: number;
  /** 0 if the server ended by itself and in order. */
  readonly exitCode: number | null;
  readonly endedAfter: number;
}

/** Two servers under load, of which one is to end. */
async function shutDown(start: Start, paths: string[], { delay, grace }: Termination, keepAlive: boolean): Promise<Outcome> {
  const group = new ProcessGroup();
  try {
    const servers = (await freePorts(2)).map(port => ({ port, component: start(group, port) }));
    await Promise.all(servers.map(async ({ component, port }) => group.ready(component, 60_000, async () => (await fetch(`http://127.0.0.1:${port}/`)).ok)));
    const proxy = new Proxy(servers, keepAlive);
    const [leaving] = servers;
    const { process: child } = leaving.component;
    const ended = new Promise<number | null>(resolve => child.once('exit', resolve));
    proxy.begin(paths);
    await seconds(0.5);

    const begin = Date.now();
    const timers = [
      setTimeout(() => proxy.forget(leaving), PROPAGATION * 1000),
      setTimeout(() => child.kill('SIGTERM'), delay * 1000),
      setTimeout(() => child.kill('SIGKILL'), grace * 1000),
    ];
    const exitCode = await ended;
    const endedAfter = (Date.now() - begin) / 1000;
    // Whatever the server did: the proxy goes on until it has heard of it.
    await seconds(Math.max(0, PROPAGATION - endedAfter) + 0.3);
    timers.forEach(timer => clearTimeout(timer));
    await proxy.end();
    return { answered: proxy.answered, lost: proxy.lost, exitCode, endedAfter };
  } finally {
    await group.stop();
  }
}

const startNode: Start = (group, port) => group.start(`node-${port}`, process.execPath, ['--eval', NODE_SERVER, String(port)]);
const FLASK = join(__dirname, '..', '..', '..', 'examples', 'flask');
const startFlask: Start = (group, port) => group.start(`flask-${port}`, PYTHON!, [
  '-m', 'gunicorn', '--config', join(FLASK, 'gunicorn.conf.py'), '--chdir', FLASK, '--bind', `127.0.0.1:${port}`, 'app:app',
]);

/** Each client asks one path; some are slow. */
const NODE_PATHS = Array.from({ length: CLIENTS }, (_, index) => index < 2 ? '/slow' : '/');
const FLASK_PATHS = Array.from({ length: CLIENTS }, () => '/');

function proves(name: string, start: Start, paths: string[], manifests: () => Promise<KubeObject[]>, possible = true): void {
  const testHere = possible ? test : test.skip;

  describe.each([['a new connection for each request', false], ['connections that are kept', true]])(`${name}, %s`, (connections, keepAlive) => {
    const record = (what: string, { answered, lost, endedAfter }: Outcome) => {
      measured(`shutdown/${name}, ${connections}/${what}/lost`, lost, 'requests');
      measured(`shutdown/${name}, ${connections}/${what}/answered`, answered, 'requests');
      measured(`shutdown/${name}, ${connections}/${what}/ended after, as it would be in a cluster`, endedAfter * FACTOR, 's');
    };

    testHere('loses no request with the delay and the grace of the manifest, and ends by itself', async () => {
      const termination = terminationOf(await manifests());
      expect(termination.delay).toBeGreaterThan(PROPAGATION);
      const outcome = await shutDown(start, paths, termination, keepAlive);
      record('delay of the manifest', outcome);
      expect(outcome).toMatchObject({ lost: 0, exitCode: 0 });
      expect(outcome.answered).toBeGreaterThan(100);
      expect(outcome.endedAfter).toBeLessThan(termination.grace);
    });

    testHere('loses requests if SIGTERM comes at once', async () => {
      const outcome = await shutDown(start, paths, { ...terminationOf(await manifests()), delay: 0 }, keepAlive);
      record('SIGTERM at once', outcome);
      expect(outcome.lost).toBeGreaterThan(0);
    });
  });
}

proves('a Node server', startNode, NODE_PATHS, async () => manifestsOf({ version: requestedVersion() }));

const canServe = PYTHON !== undefined && spawnSync(PYTHON, ['-c', 'import flask, gunicorn']).status === 0;
const flask = EXAMPLES.find(({ folder }) => folder === FLASK);
const why = canServe ? '' : ' (skipped: PROOF_PYTHON names no Python with Flask and gunicorn)';

proves(`the Flask example with gunicorn${why}`, startFlask, FLASK_PATHS, async () => manifestsOfExample(flask!), canServe && flask !== undefined);
