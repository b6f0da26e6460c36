/**
 * What the real autoscaler does with the library's: on pod metrics that the test writes, and with an autoscaler that looks every 2 s, so that
 * a step takes seconds. The behaviour is the library's own.
 */
import { Duration, JsonPatch, Size } from 'cdk8s';
import { ContainerProps, ContainerRestartPolicy, Cpu, Metric, MetricTarget } from 'cdk8s-plus-28';
import { requestedVersion } from '../binaries';
import { Cluster } from '../cluster';
import { ControlPlane, SHORT_TIMINGS, startControlPlane } from '../control-plane';
import { autoscalerOf, autoscalerSays, Demand, Load, Steps } from './load';
import { IMAGE, manifestsOf, ofKind } from './manifests';
import { measured } from './measured';
import { changedByApplying } from './standing';
import { Change, describeOnFakeNodes, EVERYTHING, Props, seconds, sideBySide, Trial } from './trial';
import { GracefulShutdown, KubernetesVersion, Rollout, ScalingMetric } from '../../../lib';

/** Between two looks of the autoscaler. */
const SYNC = SHORT_TIMINGS.hpaSyncPeriod!;

/** What one pod uses of a request of 250m if it is at the target of 65 %, in thousandths of a CPU. */
const TARGET = 162.5;

/** Time is not the point of starting and stopping. */
const QUICK: Props = {
  rollout: Rollout.rolling({ minReady: Duration.seconds(1) }),
  shutdown: GracefulShutdown.sleep({ drainDelay: Duration.seconds(2) }),
};

/** The library waits for five calm minutes before it shrinks: a test that is about how fast it then does, waits for none. */
const impatient: Change = web => web.patch(web.autoscaler!, JsonPatch.replace('/spec/behavior/scaleDown/stabilizationWindowSeconds', 0));

/** Load that the pods of the floor can carry so many times over. */
const times = (factor: number, floor = 3): Demand => ({ cpu: factor * floor * TARGET });

let plane: ControlPlane;
let cluster: Cluster;

interface Course {
  readonly trial: Trial;
  readonly load: Load;
  readonly steps: Steps;
}

/**
 * Runs a service under load.
 *
 * The autoscaler limits its steps by what it did in the minute before, and it has just raised the service to the floor. So it is exchanged for a new one,
 * which has done nothing yet, and which feels the load on all pods at its first look.
 */
async function under(demand: Demand, act: (course: Course) => Promise<void>, props: Props = {}, change?: Change, pods = 3): Promise<void> {
  const trial = await Trial.begin(cluster, { ...QUICK, ...props }, change);
  await cluster.delete(autoscalerOf(trial.deployment));
  await cluster.scale(trial.deployment, pods);
  await trial.serving(pods);
  const load = new Load(trial, demand);
  const steps = await Steps.watch(trial);
  try {
    await load.felt();
    await seconds(16);
    await trial.applyAgain();
    await act({ trial, load, steps });
  } finally {
    await load.stop();
    await steps.stop();
    await trial.remove();
  }
}

async function reached(steps: Steps, replicas: number, timeout = 60): Promise<void> {
  await cluster.waitFor(async () => steps.numbers.includes(replicas), timeout, `${replicas} replicas; so far ${steps.numbers}`);
}

const sidecar = (resources: ContainerProps['resources']): ContainerProps => ({ name: 'proxy', image: IMAGE, resources });
const WITHOUT_CPU = { memory: { request: Size.mebibytes(64), limit: Size.mebibytes(64) } };
const ACKNOWLEDGED = { acknowledgements: { 'HA-A3': 'to see what it costs' } };

/** Three times the load, and nothing happens. */
async function doesNothing({ trial, steps }: Course): Promise<void> {
  await seconds(6 * SYNC);
  expect(steps.numbers).toEqual([3]);
  expect(await autoscalerSays(cluster, trial.deployment, 'ScalingActive')).toMatchObject({
    status: 'False', reason: 'FailedGetResourceMetric', message: expect.stringContaining('missing request for cpu'),
  });
}

const ups = {
  'twice the load doubles the pods in one step': async () => under(times(2), async ({ steps }) => {
    await reached(steps, 6);
    await seconds(3 * SYNC);
    expect(steps.numbers).toEqual([3, 6]);
    measured('autoscaling/2 times the load/pods after one look, of 3', steps.numbers[1], 'pods');
  }),
  'three times the load triples the pods in two steps': async () => under(times(3), async ({ steps }) => {
    await reached(steps, 9);
    await seconds(2 * SYNC);
    expect(steps.numbers).toEqual([3, 7, 9]);
    const [, first, second] = steps.all;
    expect(second.after - first.after).toBeLessThan(15 + 2 * SYNC);
    measured('autoscaling/3 times the load/pods after one look, of 3', first.replicas, 'pods');
    measured('autoscaling/3 times the load/from the first step to the last', second.after - first.after, 's');
  }),
  'a hundred times the load does not lead above maxReplicas': async () => under(times(100), async ({ steps }) => {
    await reached(steps, 9);
    await seconds(6 * SYNC);
    expect(Math.max(...steps.numbers)).toBe(9);
  }),
  'no load does not lead below minReplicas': async () => under({ cpu: 3 }, async ({ steps }) => {
    await seconds(6 * SYNC);
    expect(steps.numbers).toEqual([3]);
  }, {}, impatient),
};

const downs = {
  'calm takes away a quarter a minute': async () => under({ cpu: 12 }, async ({ steps }) => {
    const expected = EVERYTHING ? [12, 9, 6, 4, 3] : [12, 9, 6];
    await reached(steps, expected[expected.length - 1], 90 * expected.length);
    await seconds(3 * SYNC);
    expect(steps.numbers).toEqual(expected);
    const waits = steps.all.slice(2).map(({ after }, index) => after - steps.all[index + 1].after);
    measured('autoscaling/calm/pods after a minute, of 12', steps.numbers[2], 'pods');
    measured('autoscaling/calm/least wait between two steps', Math.min(...waits), 's');
    expect(Math.min(...waits)).toBeGreaterThan(59);
    expect(Math.max(...waits)).toBeLessThan(60 + 5 * SYNC);
  }, { minReplicas: 3, maxReplicas: 12 }, impatient, 12),
  ...(EVERYTHING && {
    'calm of less than five minutes takes nothing away': async () => under(times(2), async ({ load, steps }) => {
      await reached(steps, 6);
      await load.change({ cpu: 6 });
      const begin = steps.all[1].after;
      await reached(steps, 5, 400).catch(() => reached(steps, 4, 1));
      const waited = steps.all[2].after - begin;
      measured('autoscaling/calm/until the first pod is taken away', waited, 's');
      expect(waited).toBeGreaterThan(299);
      expect(waited).toBeLessThan(330);
    }),
  }),
};

const metrics = {
  'of two metrics the higher one decides': async () => under({ ...times(1), memory: 2 * 3 * 358 }, async ({ load, steps }) => {
    await reached(steps, 6);
    await seconds(2 * SYNC);
    expect(steps.numbers).toEqual([3, 6]);
    await load.change({ ...times(3), memory: 3 * 358 });
    await reached(steps, 9);
  }, {}, web => web.addMetric(ScalingMetric.memoryUtilization(70))),
  'a metric that nobody answers keeps nothing from growing, but from shrinking': async () => under(times(2), async ({ load, steps }) => {
    await reached(steps, 6);
    await load.change({ cpu: 6 });
    await seconds(8 * SYNC);
    expect(steps.numbers).toEqual([3, 6]);
  }, {}, web => {
    web.addMetric(ScalingMetric.of(Metric.external({ name: 'queue', target: MetricTarget.averageValue(10) })));
    impatient(web);
  }),
  'without metrics nothing changes, except that the floor is reached': async () => {
    const trial = await Trial.begin(cluster, QUICK);
    try {
      await cluster.scale(trial.deployment, 5);
      const steps = await Steps.watch(trial);
      await seconds(6 * SYNC);
      await steps.stop();
      expect(steps.numbers).toEqual([5]);
      expect(await autoscalerSays(cluster, trial.deployment, 'ScalingActive')).toMatchObject({ status: 'False', reason: 'FailedGetResourceMetric' });
    } finally {
      await trial.remove();
    }
  },
  'a container without a CPU request stops all scaling by CPU (HA-A3)': async () =>
    under(times(3), doesNothing, { ...ACKNOWLEDGED, sidecars: [sidecar(WITHOUT_CPU)] }),
  'a container that says nothing of its resources scales with the rest': async () => under({ cpu: 900 }, async ({ steps }) => reached(steps, 7), {
    sidecars: [sidecar(undefined)],
  }),
  'an absolute amount needs no request': async () => under(times(2), async ({ steps }) => reached(steps, 6), {
    sidecars: [sidecar(WITHOUT_CPU)], scalingMetrics: [ScalingMetric.cpuAverage(Cpu.millis(TARGET * 2))],
  }),
  ...(KubernetesVersion.of(requestedVersion()).isAtLeast(KubernetesVersion.of('1.29')) && {
    'a native sidecar without a CPU request stops all scaling by CPU (HA-A3)': async () =>
      under(times(3), doesNothing, { ...ACKNOWLEDGED, initContainers: [{ ...sidecar(WITHOUT_CPU), restartPolicy: ContainerRestartPolicy.ALWAYS }] }),
  }),
};

const again = {
  'the same manifest, applied again, leaves the number alone; one that says the number resets it': async () =>
    under({ cpu: 7 * TARGET }, async ({ trial, steps }) => {
      await reached(steps, 7);
      await trial.serving(7);
      await trial.rolledOut();
      const manifests = manifestsOf(cluster, QUICK);
      expect(await changedByApplying(cluster, manifests, trial.namespace)).toEqual([]);
      expect(steps.numbers).toEqual([3, 7]);
      measured('autoscaling/7 of 3 to 9 pods/after the same manifest was applied again', steps.numbers[1], 'pods');

      // Nobody owns the number, since no manifest ever said it: there is not even a conflict.
      const saying = ofKind(manifestsOf(cluster, QUICK, web => web.patch(web.deployment, JsonPatch.add('/spec/replicas', 3))), 'Deployment');
      await cluster.apply(saying, { namespace: trial.namespace });
      await reached(steps, 3);
    }),
};

describeOnFakeNodes('the autoscaler', () => {
  beforeAll(async () => {
    plane = await startControlPlane({
      version: requestedVersion(), timings: SHORT_TIMINGS, nodes: { zones: ['zone-a', 'zone-b', 'zone-c'], nodesPerZone: 2, cpu: '16', memory: '64Gi' },
    });
    cluster = await Cluster.connect(plane);
  });
  afterAll(async () => {
    await cluster?.close();
    await plane?.stop();
  });

  sideBySide({ ...ups, ...downs, ...metrics, ...again });
});
