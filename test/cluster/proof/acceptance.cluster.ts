/**
 * Whether a cluster takes what the library makes: all of it, every time, where "restricted" Pod Security is enforced.
 */
import { Chart, JsonPatch, Testing } from 'cdk8s';
import { Capability, ContainerRestartPolicy, Volume } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { KubeObject } from '../api';
import { requestedVersion } from '../binaries';
import { Cluster } from '../cluster';
import { EXAMPLES, manifestsOfExample } from './examples';
import { dropped } from './kept';
import { IMAGE, manifestsOf, ofKind } from './manifests';
import { measured } from './measured';
import { atMost, changedByApplying, stand, Standing } from './standing';
import { EVERYTHING, sideBySide } from './trial';
import { Setting, synthesized, variations } from './variations';
import { Finding, HighAvailabilityService, KubernetesVersion, SecurityOptions } from '../../../lib';

/** In a cluster that is given, what that one knows is not asked before the tests are known: the library's own default is safe. */
const VERSION = KubernetesVersion.of(process.env.KUBECONFIG ? '1.30' : requestedVersion());

/** What the library makes manifests for, if it is not told. */
const ASSUMED_VERSION = KubernetesVersion.of('1.30');

/** Enough for every setting, and for more than half of all pairs. */
const SHORT = 16;

let cluster: Cluster;

beforeAll(async () => { cluster = await Cluster.connect(); });
afterAll(async () => cluster?.close());

interface Case {
  readonly name: string;
  readonly settings: Setting[];
}

interface Outcome extends Standing {
  readonly findings: Finding[];
}

function byName<C extends { readonly name: string }>(cases: C[], attempt: (each: C) => Promise<void>): Record<string, () => Promise<void>> {
  return Object.fromEntries(cases.map(each => [each.name, async () => attempt(each)]));
}

const build = async ({ settings }: Case): Promise<Outcome> => {
  const { manifests, findings } = synthesized(VERSION, settings);
  return { findings, ...await stand(cluster, manifests) };
};

/** The namespace refuses exactly those pods of which the library says so. */
function expectAsFound({ findings, refusal }: Outcome): void {
  const said = findings.find(({ rule }) => rule === 'HA-H7');
  if (said) {
    expect(refusal).toContain('violates PodSecurity "restricted');
  } else {
    expect(refusal).toBeUndefined();
  }
}

describe('every example is kept whole, runs, and does not change when it is applied again, or is refused by a version that is too old', () => {
  const run = EXAMPLES.filter(({ skipped }) => !skipped);
  EXAMPLES.filter(({ skipped }) => skipped).forEach(({ name, skipped }) => test.skip(`${name} (skipped: ${skipped})`, () => undefined));

  sideBySide(byName(run, atMost(4, async example => {
    const manifests = await manifestsOfExample(example);
    if (!VERSION.isAtLeast(ASSUMED_VERSION)) {
      // They name no version, and so are for a newer one, whose drain delay this one does not know.
      await expect(stand(cluster, manifests)).rejects.toThrow(/preStop\.sleep: field not declared|unknown field.*preStop\.sleep/);
      return;
    }
    const standing = await stand(cluster, manifests);
    expect(standing).toMatchObject({ dropped: [], refusal: undefined, changedAgain: [], conflicts: [] });
    measured(`acceptance/${example.name}/ready after the first apply`, standing.readyAfter, 's');
  })));
});

describe('combinations of props are kept whole, run where they may, and do not change when they are applied again', () => {
  const { rows, pairs, covered } = variations(VERSION, EVERYTHING ? undefined : SHORT);
  measured('acceptance/pairs of props/of', pairs, '');
  measured('acceptance/pairs of props/tried', covered, '');
  measured('acceptance/pairs of props/combinations', rows.length, '');

  sideBySide(byName(rows, atMost(8, async row => {
    const outcome = await build(row);
    // Another field manager may meet a conflict here: about amounts that the server writes in its own way.
    expect(outcome).toMatchObject({ dropped: [], changedAgain: [] });
    expectAsFound(outcome);
  })), 1_800_000);
});

describe('"restricted" refuses a relaxation exactly if the finding HA-H7 says so', () => {
  const security = (options: SecurityOptions): Setting => ({ props: () => ({ security: options }) });
  const FIXED: Setting = { props: () => ({ replicas: 3 }) };
  const native = VERSION.isAtLeast(KubernetesVersion.of('1.29'));
  const cases: Array<[string, Setting]> = [
    ['nothing', {}],
    ['another user and group', security({ user: 1000, group: 2000 })],
    ['the user of the image', security({ useImageUser: true })],
    ['a writable root file system', security({ writableRootFilesystem: true })],
    ['NET_BIND_SERVICE', security({ addCapabilities: [Capability.NET_BIND_SERVICE] })],
    ['a low port', { props: () => ({ port: 80 }) }],
    ['a sidecar', { props: () => ({ sidecars: [{ name: 'proxy', image: IMAGE }] }) }],
    ['a sidecar with a user of its own', { props: () => ({ sidecars: [{ name: 'proxy', image: IMAGE, securityContext: { user: 2000 } }] }) }],
    ['an init container', { props: () => ({ initContainers: [{ name: 'migrate', image: IMAGE }] }) }],
    ...(native ? [['a native sidecar', {
      props: () => ({ initContainers: [{ name: 'agent', image: IMAGE, restartPolicy: ContainerRestartPolicy.ALWAYS }] }),
    }] as [string, Setting]] : []),
    ['a container that was added later', { change: web => { web.deployment.addContainer({ name: 'late', image: IMAGE }); } }],
    ['a volume', { props: scope => ({ volumeMounts: [{ path: '/data', volume: Volume.fromEmptyDir(scope, 'Data', 'data') }] }) }],
    ['root', security({ allowRoot: true })],
    ['user 0', security({ allowRoot: true, user: 0 })],
    ['privilege escalation', security({ allowPrivilegeEscalation: true })],
    ['no seccomp', security({ unconfinedSeccomp: true })],
    ['SYS_TIME', security({ addCapabilities: [Capability.SYS_TIME] })],
    ['all of them', security({ allowRoot: true, allowPrivilegeEscalation: true, unconfinedSeccomp: true, addCapabilities: [Capability.NET_RAW] })],
  ];

  const relaxations = cases.map(([name, setting]) => ({ name, settings: [FIXED, setting] }));
  sideBySide(byName(relaxations, atMost(8, async each => expectAsFound(await build(each)))));
});

describe('the server', () => {
  let namespace: string;

  beforeAll(async () => { namespace = await cluster.namespace({ podSecurity: 'restricted' }); });

  test.each([
    ['an unknown field', JsonPatch.add('/spec/template/spec/topologySpreadConstrains', []), /unknown field|topologySpreadConstrains/],
    ['a wrong type', JsonPatch.replace('/spec/template/spec/terminationGracePeriodSeconds', '50s'), /terminationGracePeriodSeconds|expected numeric/],
  ])('refuses %s, so that what it takes means something', async (_, patch, message) => {
    const manifests = manifestsOf(cluster, {}, web => web.patch(web.deployment, patch));
    await expect(cluster.apply(manifests, { namespace })).rejects.toThrow(message);
  });

  test('drops what is not its user\'s to say, which is noticed', async () => {
    const manifest = ofKind(manifestsOf(cluster, {}, web => web.patch(web.deployment, JsonPatch.add('/status', { replicas: 9 }))), 'Deployment');
    const [kept] = await cluster.apply(manifest, { namespace });
    expect(dropped(manifest, kept)).toEqual([expect.stringContaining('.status')]);
  });

  test('is given the same names and content, wherever in the program a service is declared', async () => {
    const synth = (scope: Construct) => {
      new HighAvailabilityService(scope, 'web', { image: IMAGE, kubernetesVersion: VERSION, replicas: 3 });
      return Testing.synth(Chart.of(scope)) as KubeObject[];
    };
    const [here, again, elsewhere] = [synth(Testing.chart()), synth(Testing.chart()), synth(new Construct(new Chart(Testing.app(), 'other'), 'Inner'))];
    expect(again).toEqual(here);
    expect(elsewhere).toEqual(here);
    await cluster.apply(here, { namespace });
    expect(await changedByApplying(cluster, elsewhere, namespace)).toEqual([]);
  });
});
