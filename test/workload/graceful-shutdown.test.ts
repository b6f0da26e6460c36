import { Duration } from 'cdk8s';
import * as fc from 'fast-check';
import { GracefulShutdown, GracefulShutdownOptions, HighAvailabilityServiceProps, KubernetesVersion, Severity } from '../../lib';
import { container, describeFaults, describeRule, findings, podSpec, service } from '../fixtures';

const { seconds } = Duration;
const V128 = KubernetesVersion.of('1.28');
const V129 = KubernetesVersion.of('1.29');

function lifecycle(props: Partial<HighAvailabilityServiceProps>, name?: string): any {
  return container(service({ kubernetesVersion: KubernetesVersion.of('1.30'), ...props }), name).lifecycle;
}

describe('the default', () => {
  test('serves on for 15 s, by the kubelet\'s own sleep', () => {
    expect(lifecycle({})).toEqual({ preStop: { sleep: { seconds: 15 } } });
  });

  test('kills after 50 s: drain delay, 30 s to finish, and 5 s to spare', () => {
    expect(podSpec(service()).terminationGracePeriodSeconds).toBe(50);
  });

  test.each([V128, V129])('is a sleep program of the image on Kubernetes %s, which has no sleep action', kubernetesVersion => {
    expect(lifecycle({ kubernetesVersion })).toEqual({ preStop: { exec: { command: ['sleep', '15'] } } });
  });

  test('is the kubelet\'s own sleep on a version that is written as kubectl prints it', () => {
    expect(lifecycle({ kubernetesVersion: KubernetesVersion.of('v1.31.4-gke.100') })).toEqual({ preStop: { sleep: { seconds: 15 } } });
  });
});

describe('who waits', () => {
  const options = { drainDelay: seconds(20) };

  test('sleep: the kubelet', () => {
    expect(lifecycle({ shutdown: GracefulShutdown.sleep(options) })).toEqual({ preStop: { sleep: { seconds: 20 } } });
  });

  test('execSleep: a program of the image, whatever the version', () => {
    expect(lifecycle({ shutdown: GracefulShutdown.execSleep(options) })).toEqual({ preStop: { exec: { command: ['sleep', '20'] } } });
  });

  test('command: a program of one\'s own', () => {
    expect(lifecycle({ shutdown: GracefulShutdown.command(['/bin/drain', '20'], options) })).toEqual({ preStop: { exec: { command: ['/bin/drain', '20'] } } });
  });

  test('http: the application, asked on the service\'s port', () => {
    expect(lifecycle({ port: 3000, shutdown: GracefulShutdown.http('/drain', options) })).toEqual({ preStop: { httpGet: { path: '/drain', port: 3000 } } });
  });

  test('application: the application by itself, so that nothing runs before SIGTERM', () => {
    expect(lifecycle({ shutdown: GracefulShutdown.application(options) })).toBeUndefined();
  });

  test.each([
    ['sleep', GracefulShutdown.sleep(options)],
    ['execSleep', GracefulShutdown.execSleep(options)],
    ['command', GracefulShutdown.command(['x'], options)],
    ['http', GracefulShutdown.http('/x', options)],
    ['application', GracefulShutdown.application(options)],
  ])('%s: the drain delay is part of the grace period', (_, shutdown) => {
    expect(podSpec(service({ shutdown })).terminationGracePeriodSeconds).toBe(55);
  });

  test('nobody, where the delay is 0', () => {
    const none = { drainDelay: seconds(0) };
    expect(lifecycle({ shutdown: GracefulShutdown.sleep(none) })).toBeUndefined();
    expect(lifecycle({ shutdown: GracefulShutdown.execSleep(none) })).toBeUndefined();
  });
});

describe('the grace period', () => {
  test('grows with the time to finish', () => {
    expect(podSpec(service({ shutdown: GracefulShutdown.sleep({ timeToFinish: seconds(100) }) })).terminationGracePeriodSeconds).toBe(120);
  });

  test('can be given', () => {
    const shutdown = GracefulShutdown.sleep({ gracePeriod: seconds(75), drainDelay: seconds(40) });
    expect(podSpec(service({ shutdown })).terminationGracePeriodSeconds).toBe(75);
  });

  test('is longer than the drain delay for whatever is accepted', () => {
    const duration = fc.option(fc.integer({ min: 0, max: 700 }), { nil: undefined });
    const given = (value?: number) => value === undefined ? undefined : seconds(value);
    fc.assert(fc.property(duration, duration, duration, (drain, finish, grace) => {
      const shutdown = GracefulShutdown.sleep({ drainDelay: given(drain), timeToFinish: given(finish), gracePeriod: given(grace) });
      let spec: any;
      try {
        spec = podSpec(service({ shutdown }));
      } catch (error) {
        expect((error as Error).message).toContain('shutdown.gracePeriod');
        expect(grace).toBeLessThanOrEqual(drain ?? 15);
        return;
      }
      expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(drain ?? 15);
      expect(spec.containers[0].lifecycle?.preStop.sleep.seconds).toBe(drain === 0 ? undefined : drain ?? 15);
    }), { numRuns: 40 });
  });
});

const sleep = (options: GracefulShutdownOptions) => ({ shutdown: GracefulShutdown.sleep(options) });
const command = (words: string[]) => ({ shutdown: GracefulShutdown.command(words) });
const http = (path: string) => ({ shutdown: GracefulShutdown.http(path) });
describeFaults([
  ['a grace period that ends within the drain delay', sleep({ gracePeriod: seconds(30), drainDelay: seconds(40) }),
    "shutdown.gracePeriod: '30 s' is over before the drain delay of 40 s is, so the process is killed while it serves; give 75 s or more, or leave it out.",
    sleep({ gracePeriod: seconds(75), drainDelay: seconds(40) })],
  ['a grace period that ends with the drain delay', sleep({ gracePeriod: seconds(15) }), "shutdown.gracePeriod: '15 s' is over before", sleep({ gracePeriod: seconds(16) })],
  ['no grace period', sleep({ gracePeriod: seconds(0) }), "shutdown.gracePeriod: '0 s' is less than 1 s; give 1 s or more", sleep({ gracePeriod: seconds(50) })],
  ['a drain delay of a fraction', sleep({ drainDelay: Duration.millis(1500) }), "shutdown.drainDelay: '1.5 s' is no whole number of seconds; round it",
    sleep({ drainDelay: Duration.millis(2000) })],
  ['a drain delay of NaN', sleep({ drainDelay: seconds(NaN) }), "shutdown.drainDelay: 'NaN s' is no whole number of seconds", sleep({ drainDelay: undefined })],
  ['a drain delay that is a number', sleep({ drainDelay: 15 as any }), 'shutdown.drainDelay: 15 is no duration; give one such as Duration.seconds(30)', sleep({ drainDelay: seconds(15) })],
  ['a drain delay that is null', sleep({ drainDelay: null as any }), 'shutdown.drainDelay: null is no duration', sleep({ drainDelay: seconds(15) })],
  ['a time to finish of a fraction', sleep({ timeToFinish: Duration.minutes(0.005) }), "shutdown.timeToFinish: '0.3 s' is no whole number of seconds",
    sleep({ timeToFinish: Duration.minutes(0.5) })],
  ['a grace period of a fraction', sleep({ gracePeriod: Duration.millis(60500) }), "shutdown.gracePeriod: '60.5 s' is no whole number of seconds",
    sleep({ gracePeriod: Duration.millis(60000) })],
  ['an empty command', command([]), "shutdown.command: '[]' is empty; name the program to run", command(['x'])],
  ['a command with an undefined word', command(['x', undefined as any]), "shutdown.command: '[x, ]' has a word that is empty or no string", command(['x', ''])],
  ['a command that is one string', command('sleep 5' as any), "shutdown.command: 'sleep 5' is no list of words", command(['sleep', '5'])],
  ['a path that is not absolute', http('drain'), "shutdown.path: 'drain' does not begin with '/'; write '/drain'", http('/drain')],
  ['no path', http(undefined as any), "shutdown.path: undefined does not begin with '/'", http('/')],
]);

describeRule('HA-F1', Severity.WARNING, 'no drain delay', {
  broken: sleep({ drainDelay: seconds(0) }),
  sound: sleep({ drainDelay: seconds(1) }),
  says: ['shutdown.drainDelay', 'loses requests', 'give 5 s inside the cluster, 15 s or more behind a load balancer'],
});
describeRule('HA-F2', Severity.WARNING, 'too little time to finish open requests', {
  broken: sleep({ gracePeriod: seconds(44) }),
  sound: sleep({ gracePeriod: seconds(45) }),
  says: ['shutdown.gracePeriod: 44 s', '(15 s)', '(30 s)', 'give 50 s or more'],
});
describeRule('HA-B10', Severity.WARNING, 'more time than the cluster autoscaler grants', {
  broken: sleep({ gracePeriod: seconds(601) }),
  sound: sleep({ gracePeriod: seconds(600) }),
  says: ['shutdown.gracePeriod', '600 s at most, not for 601 s', '--max-graceful-termination-sec'],
});
describeRule('HA-F4', Severity.WARNING, 'a sleep program that the image may not have', {
  broken: { shutdown: GracefulShutdown.execSleep() },
  sound: { shutdown: GracefulShutdown.sleep() },
  says: ["the image's own 'sleep'", 'GracefulShutdown.http() or .application()', 'Kubernetes 1.30'],
});
describeRule('HA-F4', Severity.WARNING, 'a sleep program on a version without a sleep action', {
  broken: { kubernetesVersion: V129 },
  sound: { kubernetesVersion: KubernetesVersion.of('1.30') },
  says: ["the image's own 'sleep', since Kubernetes 1.29 has no sleep action"],
});

test('a command, a path and the application need no sleep program on an old version', () => {
  for (const shutdown of [GracefulShutdown.command(['x']), GracefulShutdown.http('/x'), GracefulShutdown.application()]) {
    expect(findings({ shutdown, kubernetesVersion: V128 }, 'HA-F4')).toEqual([]);
  }
});
