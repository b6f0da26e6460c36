import { Chart } from 'cdk8s';
import { HighAvailabilityDefaults, HighAvailabilityServiceProps, ScalingMetric, Severity, Spread } from '../../lib';
import { chart, findings, manifest, manifests, refusal, service } from '../fixtures';

const autoscaler = (props: Partial<HighAvailabilityServiceProps> = {}) => manifest(service(props), 'HorizontalPodAutoscaler').spec;
const bounds = (props: Partial<HighAvailabilityServiceProps>) => {
  const { minReplicas, maxReplicas } = autoscaler(props);
  return [minReplicas, maxReplicas];
};

describe('bounds', () => {
  test('are 3 and 9', () => expect(bounds({})).toEqual([3, 9]));
  test('end at three times the lower one', () => expect(bounds({ minReplicas: 5 })).toEqual([5, 15]));
  test('begin at 3 for any upper one', () => expect(bounds({ maxReplicas: 40 })).toEqual([3, 40]));
  test('are what is given', () => expect(bounds({ minReplicas: 4, maxReplicas: 7 })).toEqual([4, 7]));

  test('fail if the lower one is above the upper one', () => {
    expect(refusal({ minReplicas: 5, maxReplicas: 3 })).toBe("HighAvailabilityService 'test/web' is refused:\n"
      + '  - minReplicas: 5 is above maxReplicas (3); raise maxReplicas to 15, or lower minReplicas.');
  });

  test('fail if only the upper one is given, and is below 3', () => {
    expect(refusal({ maxReplicas: 2 })).toContain('minReplicas: 3 is above maxReplicas (2)');
  });

  test.each([0, -1, 2.5, NaN, Infinity, '3'])('fail for minReplicas %p', minReplicas => {
    expect(refusal({ minReplicas: minReplicas as any })).toContain(
      `minReplicas: ${typeof minReplicas === 'string' ? `'${minReplicas}'` : minReplicas} is no whole number of at least 1; give one.`,
    );
  });

  test.each([0, 2.5, NaN, '9'])('fail for maxReplicas %p', maxReplicas => {
    expect(refusal({ maxReplicas: maxReplicas as any })).toContain('is no whole number of at least 1; give one.');
  });

  test('take null for not given', () => {
    expect(bounds({ minReplicas: null as any, maxReplicas: null as any })).toEqual([3, 9]);
  });
});

describe('a fixed number', () => {
  const fixed = () => service({ replicas: 4 });

  test('is in the manifest', () => expect(manifest(fixed(), 'Deployment').spec.replicas).toBe(4));

  test('leaves no autoscaler', () => {
    const web = fixed();
    expect(web.autoscaler).toBeUndefined();
    expect(manifests(web).map(({ kind }) => kind)).not.toContain('HorizontalPodAutoscaler');
  });

  test('is not there when an autoscaler is', () => expect(manifest(service({ minReplicas: 4 }), 'Deployment').spec).not.toHaveProperty('replicas'));

  test.each([{ minReplicas: 2 }, { maxReplicas: 9 }])('fails beside %p', props => {
    expect(refusal({ replicas: 4, ...props })).toContain(
      'replicas: 4 is a fixed number, but minReplicas or maxReplicas is given as well; give either replicas, or minReplicas and maxReplicas.',
    );
  });

  test('fails beside metrics', () => {
    expect(refusal({ replicas: 4, scalingMetrics: [ScalingMetric.cpuUtilization(50)] })).toContain(
      'have no use, since replicas is fixed; give minReplicas and maxReplicas instead of replicas.',
    );
  });

  test.each([0, 1.5, NaN, '3'])('fails for %p', replicas => {
    expect(refusal({ replicas: replicas as any })).toMatch(/replicas: .* is no whole number of at least 1; give one\./);
  });
});

describe('too few pods', () => {
  test.each([['minReplicas', { minReplicas: 1 }], ['replicas', { replicas: 1 }]])('fails for 1 by %s', (prop, props) => {
    expect(refusal(props)).toContain(`${prop}: 1 pod means that every restart, drain and lost node takes the service down [HA-A1]; run 3, or 2 at least, `
      + "or accept it: acknowledgements: { 'HA-A1': 'the reason' }.");
  });

  test('may be 1 if that is acknowledged', () => {
    expect(manifest(service({ replicas: 1, acknowledgements: { 'HA-A1': 'a tool' } }), 'Deployment').spec.replicas).toBe(1);
  });

  test('is a warning for 2', () => {
    expect(findings({ minReplicas: 2 }, 'HA-A1')).toMatchObject([{
      severity: Severity.WARNING, path: 'test/web', message: 'minReplicas: of 2 pods one remains while another is drained or replaced', remedy: 'run 3',
    }]);
  });

  test('is nothing for 3', () => expect(findings({ minReplicas: 3 }, 'HA-A1')).toEqual([]));
});

describe('an autoscaler that can do nothing', () => {
  test('is a finding', () => {
    expect(findings({ minReplicas: 3, maxReplicas: 3 }, 'HA-A4')).toMatchObject([{
      message: 'maxReplicas: it equals minReplicas (3), so the autoscaler can do nothing', remedy: 'raise maxReplicas, or say what is meant: replicas: 3',
    }]);
  });

  test('is none with one pod more', () => expect(findings({ minReplicas: 3, maxReplicas: 4 }, 'HA-A4')).toEqual([]));
});

describe('room for a lost zone', () => {
  test('is a finding if there is none', () => {
    expect(findings({ minReplicas: 6, maxReplicas: 8 }, 'HA-A6')).toMatchObject([{
      message: 'maxReplicas: when one of 3 zones fails, 9 pods are needed to have 6 outside it, but 8 may run', remedy: 'raise maxReplicas to 9 or more',
    }]);
  });

  test('is no finding if there is', () => expect(findings({ minReplicas: 6, maxReplicas: 9 }, 'HA-A6')).toEqual([]));

  test('depends on the number of zones', () => {
    expect(findings({ minReplicas: 6, maxReplicas: 11, spread: Spread.preferred({ zones: 2 }) }, 'HA-A6')).toHaveLength(1);
    expect(findings({ minReplicas: 6, maxReplicas: 7, spread: Spread.preferred({ zones: 1 }) }, 'HA-A6')).toEqual([]);
  });
});

describe('behaviour', () => {
  const { behavior } = autoscaler();

  test('grows at once, double or four more every 15 s', () => {
    expect(behavior.scaleUp).toEqual({
      stabilizationWindowSeconds: 0,
      selectPolicy: 'Max',
      policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }, { type: 'Pods', value: 4, periodSeconds: 15 }],
    });
  });

  test('shrinks after five calm minutes, by a quarter a minute', () => {
    expect(behavior.scaleDown).toEqual({ stabilizationWindowSeconds: 300, selectPolicy: 'Max', policies: [{ type: 'Percent', value: 25, periodSeconds: 60 }] });
  });
});

test('the target is the Deployment', () => {
  expect(autoscaler().scaleTargetRef).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' });
});

describe('a fixed number of the house', () => {
  const inHouse = (props: Partial<HighAvailabilityServiceProps>): Chart => {
    const scope = chart();
    HighAvailabilityDefaults.of(scope).set({ replicas: 2 });
    return Chart.of(service(props, scope));
  };

  test('holds where a service says nothing', () => expect(manifest(inHouse({}), 'Deployment').spec.replicas).toBe(2));
  test.each<[string, Partial<HighAvailabilityServiceProps>]>([
    ['bounds', { minReplicas: 4 }], ['metrics', { scalingMetrics: [ScalingMetric.cpuUtilization(50)] }],
  ])('does not where a service has %s of its own', (_, props) => {
    expect(manifest(inHouse(props), 'HorizontalPodAutoscaler').spec.minReplicas).toBe(props.minReplicas ?? 3);
  });
});
