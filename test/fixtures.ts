import { Chart, Testing } from 'cdk8s';
import { IConstruct } from 'constructs';
import { Finding, HighAvailabilityService, HighAvailabilityServiceProps, Severity } from '../lib';

/** An image reference that no rule objects to. */
export const IMAGE = 'ghcr.io/acme/web:1.4.2';

/** An empty chart, `test`, in an app of its own. */
export function chart(): Chart {
  return Testing.chart();
}

/** A service, `test/web`, with these props and a sound image. */
export function service(props: Partial<HighAvailabilityServiceProps> = {}, scope: Chart = chart()): HighAvailabilityService {
  return new HighAvailabilityService(scope, 'web', { image: IMAGE, ...props });
}

/** All objects of the construct's chart, as they will be in the YAML; what the synthesis prints is swallowed. */
export function manifests(construct: IConstruct): any[] {
  const stderr = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    return Testing.synth(Chart.of(construct));
  } finally {
    stderr.mockRestore();
  }
}

/** The one object of this kind (and name, where there are several), as it will be in the YAML. */
export function manifest(construct: IConstruct, kind: string, name?: string): any {
  const found = manifests(construct).filter(object => object.kind === kind && (name === undefined || object.metadata.name === name));
  if (found.length !== 1) {
    throw new Error(`${found.length} objects of kind ${kind}${name === undefined ? '' : ` and name ${name}`}, not 1`);
  }
  return found[0];
}

/** The spec of the pods of the Deployment (of this name, where there are several), as it will be in the YAML. */
export function podSpec(construct: IConstruct, name?: string): any {
  return manifest(construct, 'Deployment', name).spec.template.spec;
}

/** A container of the pods, the main one if no name is given, as it will be in the YAML. */
export function container(construct: IConstruct, name: string = 'web'): any {
  const { containers, initContainers = [] } = podSpec(construct);
  return [...containers, ...initContainers].find(c => c.name === name);
}

/** The message with which a service of these props is refused, or which the action throws. */
export function refusal(props: Partial<HighAvailabilityServiceProps> | (() => unknown)): string {
  try {
    typeof props === 'function' ? props() : manifests(service(props));
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

/** What is questionable about a service of these props, by one rule or by any. */
export function findings(props: Partial<HighAvailabilityServiceProps>, rule?: string): Finding[] {
  return service(props).findings.filter(finding => rule === undefined || finding.rule === rule);
}

/** What the synthesis of the construct's chart prints to stderr. */
export function printed(construct: IConstruct): string {
  const stderr = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    Testing.synth(Chart.of(construct));
    return stderr.mock.calls.map(([text]) => text).join('');
  } finally {
    stderr.mockRestore();
  }
}

/** A case of a rule: props that break it, props right beside them that do not, and what the message has to say. */
export interface RuleCase {
  readonly broken: Partial<HighAvailabilityServiceProps>;
  readonly sound: Partial<HighAvailabilityServiceProps>;
  readonly says: string[];
}

/** The tests that each rule about the props has: it is noticed, with its id and severity; it is not noticed beside it; it can be acknowledged. */
export function describeRule(rule: string, severity: Severity, title: string, { broken, sound, says }: RuleCase): void {
  const acknowledged = { ...broken, acknowledgements: { ...broken.acknowledgements, [rule]: 'we know' } };

  describe(`${rule}: ${title}`, () => {
    if (severity === Severity.ERROR) {
      test('fails with the path, the rule and the remedy', () => {
        const message = refusal(broken);
        ['HighAvailabilityService \'test/web\' is refused', `[${rule}]`, `acknowledgements: { '${rule}': 'the reason' }`, ...says]
          .forEach(part => expect(message).toContain(part));
      });
    } else {
      test(`is found, as ${severity}`, () => {
        const [finding, ...others] = findings(broken, rule);
        expect(others).toEqual([]);
        expect(finding).toMatchObject({ rule, severity, path: 'test/web', source: expect.stringMatching(/^https:/) });
        says.forEach(part => expect(`${finding.message}; ${finding.remedy}`).toContain(part));
      });

      test(severity === Severity.WARNING ? 'is printed at synthesis, unless acknowledged' : 'is not printed', () => {
        expect(printed(service(broken)).includes(`warning ${rule} test/web: `)).toBe(severity === Severity.WARNING);
        expect(printed(service(acknowledged))).not.toContain(rule);
      });
    }

    test('is not found right beside it', () => {
      expect(findings(sound, rule)).toEqual([]);
    });

    test('passes if acknowledged, and the Deployment says why', () => {
      const web = service(acknowledged);
      expect(web.findings.filter(finding => finding.rule === rule)).toEqual([expect.objectContaining({ severity, acknowledgement: 'we know' })]);
      expect(manifest(web, 'Deployment').metadata.annotations).toMatchObject({ [`cdk8s-high-availability/${rule}`]: 'we know' });
    });
  });
}

/** A value that is refused, what the message has to say, and a value right beside it that passes. */
export type FaultCase = [what: string, broken: Partial<HighAvailabilityServiceProps>, says: string, sound: Partial<HighAvailabilityServiceProps>];

/** The tests that each wrong value has: it is refused, with one message that says what to change; the value beside it passes. */
export function describeFaults(cases: FaultCase[]): void {
  describe('fails, with the path, the prop, the value, the rule and the remedy, for', () => {
    test.each(cases)('%s, but not for what is right beside it', (_, broken, says, sound) => {
      const message = refusal(broken);
      expect(message).toContain("HighAvailabilityService 'test/web' is refused:\n");
      expect(message).toContain(says);
      expect(message.split('\n')).toHaveLength(2);
      expect(manifests(service(sound)).length).toBeGreaterThan(0);
    });
  });
}
