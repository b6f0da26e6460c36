import { Duration } from 'cdk8s';
import { PercentOrAbsolute } from 'cdk8s-plus-28';
import * as fc from 'fast-check';
import { HighAvailabilityServiceProps, RollingUpdateOptions, Rollout, Severity } from '../../lib';
import { describeFaults, describeRule, findings, manifest, refusal, service } from '../fixtures';

const { seconds, minutes } = Duration;
const { absolute, percent } = PercentOrAbsolute;

function spec(props: Partial<HighAvailabilityServiceProps> = {}): any {
  return manifest(service(props), 'Deployment').spec;
}

function rolling(options: RollingUpdateOptions, rest: Partial<HighAvailabilityServiceProps> = {}): Partial<HighAvailabilityServiceProps> {
  return { rollout: Rollout.rolling(options), ...rest };
}

describe('the default', () => {
  test('adds a quarter more pods, and takes none away before they are ready', () => {
    expect(spec().strategy).toEqual({ type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } });
  });

  test('wants a new pod to be ready for 10 s', () => {
    expect(spec().minReadySeconds).toBe(10);
  });

  test('gives up after 10 minutes without progress', () => {
    expect(spec().progressDeadlineSeconds).toBe(600);
  });

  test('leaves the number of old versions to Kubernetes', () => {
    expect(spec()).not.toHaveProperty('revisionHistoryLimit');
  });
});

describe('options', () => {
  test('maxSurge and maxUnavailable as numbers stay numbers', () => {
    expect(spec(rolling({ maxSurge: absolute(2), maxUnavailable: absolute(1) })).strategy.rollingUpdate).toEqual({ maxSurge: 2, maxUnavailable: 1 });
  });

  test('maxSurge may be more than all pods: all new ones then come up at once', () => {
    expect(spec(rolling({ maxSurge: percent(200) })).strategy.rollingUpdate.maxSurge).toBe('200%');
  });

  test('maxSurge and maxUnavailable as percentages stay percentages', () => {
    expect(spec(rolling({ maxSurge: percent(100), maxUnavailable: percent(10) })).strategy.rollingUpdate).toEqual({ maxSurge: '100%', maxUnavailable: '10%' });
  });

  test('minReady', () => {
    expect(spec(rolling({ minReady: seconds(25) })).minReadySeconds).toBe(25);
  });

  test('progressDeadline', () => {
    expect(spec(rolling({ progressDeadline: minutes(20) })).progressDeadlineSeconds).toBe(1200);
  });

  test('revisionHistoryLimit', () => {
    expect(spec(rolling({ revisionHistoryLimit: 3 })).revisionHistoryLimit).toBe(3);
  });

  test('a slow start moves the progress deadline, with 5 minutes to pull the image', () => {
    expect(spec({ startupTime: minutes(10) }).progressDeadlineSeconds).toBe(600 + 10 + 300);
    expect(spec({ startupTime: seconds(290) }).progressDeadlineSeconds).toBe(600);
    expect(spec({ startupTime: seconds(291) }).progressDeadlineSeconds).toBe(601);
  });
});

test('every rollout that is accepted can replace pods, and waits long enough for them', () => {
  const amount = fc.oneof(fc.integer({ min: 0, max: 10 }).map(absolute), fc.integer({ min: 0, max: 100 }).map(percent));
  const [startupSeconds, readySeconds] = [fc.integer({ min: 1, max: 900 }), fc.integer({ min: 0, max: 100 })];
  fc.assert(fc.property(amount, amount, startupSeconds, readySeconds, (maxSurge, maxUnavailable, startup, minReady) => {
    const props = rolling({ maxSurge, maxUnavailable, minReady: seconds(minReady) }, { startupTime: seconds(startup) });
    if (parseInt(String(maxSurge.value)) === 0 && parseInt(String(maxUnavailable.value)) === 0) {
      expect(refusal(props)).toContain('no pod can ever be replaced');
      return;
    }
    const { progressDeadlineSeconds, minReadySeconds } = spec(props);
    expect(minReadySeconds).toBe(minReady);
    expect(progressDeadlineSeconds).toBeGreaterThanOrEqual(startup + minReady + 300);
  }), { numRuns: 40 });
});

describeFaults([
  ['a rollout that can neither add nor take away', rolling({ maxSurge: absolute(0) }),
    "rollout: 'maxSurge 0 and maxUnavailable 0' are both 0, so that no pod can ever be replaced; raise maxSurge to 1 or more.", rolling({ maxSurge: absolute(1) })],
  ['0 % of both', rolling({ maxSurge: percent(0), maxUnavailable: percent(0) }), "rollout: 'maxSurge 0% and maxUnavailable 0%' are both 0",
    rolling({ maxSurge: percent(0), maxUnavailable: percent(1) })],
  ['a fraction of a pod', rolling({ maxSurge: absolute(1.5) }), 'rollout.maxSurge: 1.5 is neither a whole number of pods nor a whole percentage; give PercentOrAbsolute.absolute(1)',
    rolling({ maxSurge: absolute(2) })],
  ['fewer than no pods', rolling({ maxSurge: absolute(-1) }), 'rollout.maxSurge: -1 is neither a whole number of pods', rolling({ maxSurge: absolute(1) })],
  ['a surge of NaN', rolling({ maxSurge: absolute(NaN) }), 'rollout.maxSurge: NaN is neither', rolling({ maxSurge: undefined })],
  ['a fraction of a percentage', rolling({ maxUnavailable: percent(12.5) }), "rollout.maxUnavailable: '12.5%' is neither a whole number of pods nor a whole percentage",
    rolling({ maxUnavailable: percent(12) })],
  ['a number that is a string', rolling({ maxUnavailable: absolute('1' as any) }), "rollout.maxUnavailable: '1' is neither", rolling({ maxUnavailable: absolute(1) })],
  ['a bare number', rolling({ maxSurge: 1 as any }), 'rollout.maxSurge: 1 is neither a whole number of pods nor a whole percentage; give PercentOrAbsolute.absolute(1) or',
    rolling({ maxSurge: absolute(1) })],
  ['more than all pods', rolling({ maxUnavailable: percent(101) }), "rollout.maxUnavailable: '101%' is more than all pods; give at most 100 %", rolling({ maxUnavailable: percent(100) })],
  ['minReady of a fraction', rolling({ minReady: Duration.millis(1500) }), "rollout.minReady: '1.5 s' is no whole number of seconds", rolling({ minReady: seconds(2) })],
  ['minReady that is a number', rolling({ minReady: 10 as any }), 'rollout.minReady: 10 is no duration', rolling({ minReady: seconds(10) })],
  ['a progress deadline of a fraction', rolling({ progressDeadline: Duration.millis(600500) }), "rollout.progressDeadline: '600.5 s' is no whole number of seconds",
    rolling({ progressDeadline: minutes(10) })],
  ['a progress deadline that is no longer than minReady', rolling({ progressDeadline: seconds(200), minReady: seconds(200) }),
    "rollout.progressDeadline: '200 s' is not longer than minReady (200 s); give 620 s.", rolling({ progressDeadline: seconds(320), minReady: seconds(200) })],
  ['no old version to roll back to', rolling({ revisionHistoryLimit: 0 }), 'rollout.revisionHistoryLimit: 0 is no whole number of at least 1', rolling({ revisionHistoryLimit: 1 })],
  ['half an old version', rolling({ revisionHistoryLimit: 2.5 }), 'rollout.revisionHistoryLimit: 2.5 is no whole number', rolling({ revisionHistoryLimit: 2 })],
]);

test('a rollout that only rounding leaves without a pod to take away passes, since Kubernetes then takes one', () => {
  expect(spec(rolling({ maxSurge: absolute(0), maxUnavailable: percent(25) })).strategy.rollingUpdate).toEqual({ maxSurge: 0, maxUnavailable: '25%' });
});

describeRule('HA-D3', Severity.WARNING, 'a rollout that takes more than a third of the pods away', {
  broken: rolling({ maxUnavailable: absolute(2) }),
  sound: rolling({ maxUnavailable: absolute(1) }),
  says: ['rollout.maxUnavailable', '1 of 3 pods', 'set it to 0 and let maxSurge add pods first'],
});

test('the unavailable pods of a percentage are rounded down', () => {
  expect(findings(rolling({ maxUnavailable: percent(66) }), 'HA-D3')).toEqual([]);
  expect(findings(rolling({ maxUnavailable: percent(67) }), 'HA-D3')).toHaveLength(1);
});

test('the one pod that Kubernetes takes where rounding leaves none counts', () => {
  const rollout = rolling({ maxSurge: absolute(0), maxUnavailable: percent(25) });
  expect(findings({ ...rollout, minReplicas: 2 }, 'HA-D3')).toHaveLength(1);
  expect(findings({ ...rollout, minReplicas: 3 }, 'HA-D3')).toEqual([]);
});

describeRule('HA-D5', Severity.WARNING, 'a new pod that counts at once', {
  broken: rolling({ minReady: seconds(0) }),
  sound: rolling({ minReady: seconds(1) }),
  says: ['rollout.minReady', 'crashes right after', 'give 10 s or more'],
});

describeRule('HA-D4', Severity.ERROR, 'a progress deadline that a slow start does not meet', {
  broken: rolling({ progressDeadline: seconds(129) }),
  sound: rolling({ progressDeadline: seconds(130) }),
  says: ['rollout.progressDeadline: 129 s are over', 'startupTime and minReady (130 s)', 'give 430 s or more'],
});
