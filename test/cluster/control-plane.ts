/**
 * Starts a real Kubernetes control plane on 127.0.0.1, with fake kubelets.
 *
 * etcd, kube-apiserver, kube-controller-manager and kube-scheduler are upstream's
 * own code with upstream's own defaults, except for what `Timings` states, what
 * keeps them on the loopback interface, and more API requests per second.
 */
import { generateKeyPairSync, randomBytes } from 'crypto';
import { readFileSync, writeFileSync } from 'fs';
import { freemem } from 'os';
import { join } from 'path';
import { ApiClient } from './api';
import { Binaries, binaries } from './binaries';
import { kubectlOf } from './kubectl';
import { NodeShape, Nodes, THREE_ZONES } from './nodes';
import { freePorts, ProcessGroup } from './processes';
import { kwokConfiguration } from './stages';

/** What a control plane of a test bed takes, with some room. */
const NEEDED_MEMORY = 2 ** 30;
const START_TIMEOUT = 60_000;

/**
 * How fast the controllers are.
 *
 * @default - Kubernetes' own values for whatever is not given
 */
export interface Timings {
  /** Seconds without a heartbeat until a node is not ready. @default 40, from Kubernetes 1.32 on 50 */
  readonly nodeMonitorGracePeriod?: number;
  /** Seconds between two looks at the nodes. @default 5 */
  readonly nodeMonitorPeriod?: number;
  /** Nodes a second and zone that are tainted for eviction. @default 0.1 */
  readonly nodeEvictionRate?: number;
  /** Seconds that pods without tolerations of their own tolerate a lost node. @default 300 */
  readonly defaultToleration?: number;
  /** Seconds between two looks of the autoscaler. @default 15 */
  readonly hpaSyncPeriod?: number;
  /** Seconds for which the autoscaler remembers a higher recommendation. @default 300 */
  readonly hpaDownscaleStabilization?: number;
  /** Seconds from the start of a pod in which its unreadiness counts as starting up. @default 30 */
  readonly hpaInitialReadinessDelay?: number;
  /** Seconds from the start of a pod in which its CPU use counts only while it is ready. @default 300 */
  readonly hpaCpuInitializationPeriod?: number;
}

/** For tests in which the time is not the point. */
export const SHORT_TIMINGS: Timings = {
  nodeMonitorGracePeriod: 10,
  nodeMonitorPeriod: 1,
  nodeEvictionRate: 10,
  defaultToleration: 5,
  hpaSyncPeriod: 2,
  hpaDownscaleStabilization: 10,
  hpaInitialReadinessDelay: 1,
  hpaCpuInitializationPeriod: 1,
};

export interface ControlPlaneProps {
  /** A pinned version, such as '1.34.4'. */
  readonly version: string;
  /** @default THREE_ZONES */
  readonly nodes?: NodeShape;
  /** @default - Kubernetes' own */
  readonly timings?: Timings;
}

/** What another process needs to reach a control plane; plain data. */
export interface ControlPlaneAddress {
  readonly version: string;
  readonly port: number;
  /** The admin's bearer token. */
  readonly token: string;
  /** The certificate authority of the API server, as PEM. */
  readonly ca: string;
  /** A kubeconfig file of the admin. */
  readonly kubeconfig: string;
  /** The multiplexed binary: `<controlPlane> kubectl ...`. */
  readonly controlPlane: string;
}

/** A running control plane. */
export interface ControlPlane extends ControlPlaneAddress {
  /** etcd, apiserver, controller manager, scheduler and KWOK. */
  readonly processIds: number[];
  /** Ends every process and removes the folder. Once is enough; more do no harm. */
  stop(): Promise<void>;
}

/**
 * Starts a control plane, and waits until its nodes are ready.
 *
 * - Builds the binaries first, when they are not in the cache.
 * - Every port is chosen free, so several can run side by side.
 * - Every process ends with this one, however it ends.
 *
 * @throws with the end of a component's log, when it does not become ready
 */
export async function startControlPlane(props: ControlPlaneProps): Promise<ControlPlane> {
  const programs = await binaries(props.version);
  if (freemem() < NEEDED_MEMORY) {
    throw new Error(`A control plane needs 1 GiB of memory; ${(freemem() / 2 ** 30).toFixed(1)} GiB are free`);
  }
  for (let attempt = 1; ; attempt++) {
    const group = new ProcessGroup();
    try {
      return await start(props, programs, group);
    } catch (error) {
      await group.stop();
      // Between our choice of a port and its use, another program may have taken it.
      if (attempt === 3 || !/address already in use/.test(String(error))) {
        throw error;
      }
    }
  }
}

async function start(props: ControlPlaneProps, programs: Binaries, group: ProcessGroup): Promise<ControlPlane> {
  const timings = props.timings ?? {};
  const [etcdPort, peerPort, port, managerPort, schedulerPort, kwokPort] = await freePorts(6);
  const file = (name: string) => join(group.folder, name);
  const run = (component: string, args: string[]) => group.start(component, programs.controlPlane, [component, ...args]);

  const token = randomBytes(24).toString('hex');
  writeKeys(file, token);

  const etcd = run('etcd', [
    '--data-dir=etcd', '--unsafe-no-fsync', '--log-level=warn',
    `--listen-client-urls=http://127.0.0.1:${etcdPort}`, `--advertise-client-urls=http://127.0.0.1:${etcdPort}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`, `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-cluster=default=http://127.0.0.1:${peerPort}`,
  ]);
  await group.ready(etcd, START_TIMEOUT, async () => (await fetch(`http://127.0.0.1:${etcdPort}/health`)).ok);

  const apiserver = run('apiserver', [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    '--bind-address=127.0.0.1', `--secure-port=${port}`, `--cert-dir=${file('apiserver')}`,
    // Nothing reaches the API server through its Service: there is no network. Only a name that nobody answers to is wanted.
    '--advertise-address=192.0.2.1', '--endpoint-reconciler-type=none', '--service-cluster-ip-range=10.96.0.0/16',
    '--authorization-mode=Node,RBAC', '--allow-privileged=true', `--token-auth-file=${file('tokens.csv')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${file('service-account.pub')}`, `--service-account-signing-key-file=${file('service-account.key')}`,
    ...flags({ 'default-not-ready-toleration-seconds': timings.defaultToleration, 'default-unreachable-toleration-seconds': timings.defaultToleration }),
  ]);
  // The API server signs its certificate itself, and writes it together with the authority.
  const certificate = () => readFileSync(file('apiserver/apiserver.crt'), 'utf8');
  await group.ready(apiserver, START_TIMEOUT, async () => {
    const probe = new ApiClient({ port, token, ca: certificate() });
    return probe.raw('GET', '/readyz').then((answer) => answer.status === 200).finally(() => probe.close());
  });

  const ca = certificate();
  const kubeconfig = file('kubeconfig');
  writeFileSync(kubeconfig, kubeconfigOf(port, token, ca), { mode: 0o600 });
  const manager = run('controller-manager', [
    `--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--bind-address=127.0.0.1', `--secure-port=${managerPort}`, `--cert-dir=${file('controller-manager')}`,
    `--service-account-private-key-file=${file('service-account.key')}`, `--root-ca-file=${file('apiserver/apiserver.crt')}`,
    // The nodes come with their pod addresses: to hand them out takes some versions 10 s.
    '--allocate-node-cidrs=false', '--kube-api-qps=500', '--kube-api-burst=1000',
    ...controllerTimings(timings),
  ]);
  const scheduler = run('scheduler', [
    `--config=${schedulerConfiguration(file, kubeconfig)}`, '--bind-address=127.0.0.1', `--secure-port=${schedulerPort}`, `--cert-dir=${file('scheduler')}`,
  ]);
  // As a kubelet's, a lease is renewed four times before its end, and its end is no later than the loss of the node.
  writeFileSync(file('kwok.yaml'), kwokConfiguration({ leaseSeconds: Math.min(40, Math.max(4, timings.nodeMonitorGracePeriod ?? 40)) }));
  const kwok = group.start('kwok', programs.kwok, [`--kubeconfig=${kubeconfig}`, `--config=${file('kwok.yaml')}`, `--server-address=127.0.0.1:${kwokPort}`]);

  const api = new ApiClient({ port, token, ca });
  try {
    await Promise.all([
      group.ready(manager, START_TIMEOUT, async () => healthy(managerPort, file('controller-manager/kube-controller-manager.crt'))),
      group.ready(scheduler, START_TIMEOUT, async () => healthy(schedulerPort, file('scheduler/kube-scheduler.crt'))),
      group.ready(kwok, START_TIMEOUT, async () => (await fetch(`http://127.0.0.1:${kwokPort}/healthz`)).ok),
      new Nodes(api, props.version, kubectlOf(programs.controlPlane, kubeconfig)).create(props.nodes ?? THREE_ZONES),
    ]);
  } finally {
    api.close();
  }
  return {
    version: props.version,
    port,
    token,
    ca,
    kubeconfig,
    controlPlane: programs.controlPlane,
    processIds: group.processIds,
    stop: async () => group.stop(),
  };
}

async function healthy(port: number, certificate: string): Promise<boolean> {
  const probe = new ApiClient({ port, token: '', ca: readFileSync(certificate, 'utf8') });
  return probe.raw('GET', '/healthz').then((answer) => answer.status === 200).finally(() => probe.close());
}

/** The admin's token, and the keys that sign the tokens of service accounts. */
function writeKeys(file: (name: string) => string, token: string): void {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  writeFileSync(file('tokens.csv'), `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });
  writeFileSync(file('service-account.key'), privateKey, { mode: 0o600 });
  writeFileSync(file('service-account.pub'), publicKey);
}

function kubeconfigOf(port: number, token: string, ca: string): string {
  return JSON.stringify({
    'apiVersion': 'v1',
    'kind': 'Config',
    'clusters': [{ name: 'test', cluster: { 'server': `https://127.0.0.1:${port}`, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    'users': [{ name: 'admin', user: { token } }],
    'contexts': [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  }, undefined, 2);
}

function schedulerConfiguration(file: (name: string) => string, kubeconfig: string): string {
  const path = file('scheduler.yaml');
  writeFileSync(path, JSON.stringify({
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    clientConnection: { kubeconfig, qps: 500, burst: 1000 },
    leaderElection: { leaderElect: false },
  }));
  return path;
}

function controllerTimings(timings: Timings): string[] {
  const seconds = (value: number | undefined) => value === undefined ? undefined : `${value}s`;
  return flags({
    'node-monitor-grace-period': seconds(timings.nodeMonitorGracePeriod),
    'node-monitor-period': seconds(timings.nodeMonitorPeriod),
    'node-eviction-rate': timings.nodeEvictionRate,
    'horizontal-pod-autoscaler-sync-period': seconds(timings.hpaSyncPeriod),
    'horizontal-pod-autoscaler-downscale-stabilization': seconds(timings.hpaDownscaleStabilization),
    'horizontal-pod-autoscaler-initial-readiness-delay': seconds(timings.hpaInitialReadinessDelay),
    'horizontal-pod-autoscaler-cpu-initialization-period': seconds(timings.hpaCpuInitializationPeriod),
  });
}

function flags(values: Record<string, string | number | undefined>): string[] {
  return Object.entries(values).filter(([, value]) => value !== undefined).map(([name, value]) => `--${name}=${value}`);
}
