import { Duration } from 'cdk8s';
import { Severity } from '../../lib';
import { Inspection } from '../../lib/private/inspection';
import { chart, findings, printed, refusal, service } from '../fixtures';

const { seconds, millis, minutes, hours } = Duration;
const SINGLE = { minReplicas: 1 };

function inspection(acknowledgements: Record<string, string> = {}): Inspection {
  return new Inspection(chart(), acknowledgements);
}

describe('faults', () => {
  test('of one construct are all in one message', () => {
    expect(refusal({ image: '', port: 0, labels: { 'a b': 'c' } }).split('\n')).toEqual([
      "HighAvailabilityService 'test/web' is refused:",
      expect.stringMatching(/^ {2}- labels: 'a b' .*\.$/),
      expect.stringMatching(/^ {2}- port: 0 .*\.$/),
      expect.stringMatching(/^ {2}- image: '' .*\.$/),
    ]);
  });

  test('that are the same are said once', () => {
    const i = inspection();
    i.fault('prop', 1, 'is wrong', 'mend it');
    i.fault('prop', 1, 'is wrong', 'mend it');
    expect(i.errors()).toEqual(['prop: 1 is wrong; mend it.']);
  });

  test('show what was given: strings in quotes', () => {
    const i = inspection();
    ['', 'a', 1, NaN, true, null, undefined, ['a', 'b']].forEach(value => i.fault('prop', value, 'is wrong', 'mend it'));
    expect(i.errors().map(error => error.split(' is')[0])).toEqual(["prop: ''", "prop: 'a'", 'prop: 1', 'prop: NaN', 'prop: true', 'prop: null', 'prop: undefined', 'prop: a,b']);
  });

  test('that are none let the construct pass', () => {
    expect(() => inspection().conclude()).not.toThrow();
  });
});

describe('integer', () => {
  test.each([[1], [5], [10]])('takes %s from 1 to 10', value => {
    const i = inspection();
    expect(i.integer('n', value, 1, 10)).toBe(true);
    expect(i.errors()).toEqual([]);
  });

  test.each([[0], [11], [1.5], [NaN], [Infinity], ['5' as any], [null as any], [undefined as any]])('fails for %j, from 1 to 10', value => {
    const i = inspection();
    expect(i.integer('n', value, 1, 10)).toBe(false);
    expect(i.errors()).toEqual([expect.stringContaining('is no whole number from 1 to 10; give one.')]);
  });

  test('names no upper bound where there is none', () => {
    const i = inspection();
    i.integer('n', -1, 0);
    expect(i.errors()).toEqual(['n: -1 is no whole number of at least 0; give one.']);
  });
});

describe('seconds', () => {
  test.each([[seconds(1), 1], [minutes(2), 120], [millis(3000), 3], [minutes(0.5), 30], [hours(1), 3600]])('of %j are %s', (duration, expected) => {
    const i = inspection();
    expect(i.seconds('t', duration, 1, 3600)).toBe(expected);
    expect(i.errors()).toEqual([]);
  });

  test.each<[any, string]>([
    [seconds(0), "t: '0 s' is less than 1 s; give 1 s or more."],
    [hours(2), "t: '7200 s' is more than 3600 s; give 3600 s or less."],
    [millis(1500), "t: '1.5 s' is no whole number of seconds; round it: Kubernetes counts in seconds."],
    [millis(0.5), "t: '0.0005 s' is no whole number of seconds; round it: Kubernetes counts in seconds."],
    [seconds(NaN), "t: 'NaN s' is no whole number of seconds; round it: Kubernetes counts in seconds."],
    [30, 't: 30 is no duration; give one such as Duration.seconds(30).'],
    ['30s', "t: '30s' is no duration; give one such as Duration.seconds(30)."],
    [null, 't: null is no duration; give one such as Duration.seconds(30).'],
    [undefined, 't: undefined is no duration; give one such as Duration.seconds(30).'],
  ])('fails for %j', (duration, message) => {
    const i = inspection();
    i.seconds('t', duration, 1, 3600);
    expect(i.errors()).toEqual([message]);
  });

  test('are no more than Kubernetes can count', () => {
    const i = inspection();
    i.seconds('t', seconds(2 ** 31 - 1), 1);
    expect(i.errors()).toEqual([]);
    i.seconds('t', seconds(2 ** 31), 1);
    expect(i.errors()).toEqual([expect.stringContaining('is more than 2147483647 s')]);
  });
});

describe('an acknowledgement', () => {
  test.each<[string, Record<string, any>, string]>([
    ['no rule', { 'HA-Z9': 'because' }, "acknowledgements: 'HA-Z9' is not a rule; use one of HA-0, HA-A1,"],
    ['no rule, but a word of JavaScript', { toString: 'because' }, "acknowledgements: 'toString' is not a rule"],
    ['an empty reason', { 'HA-A1': '' }, "acknowledgements: 'HA-A1' has no reason; say why it is acceptable here: { 'HA-A1': 'the reason' }."],
    ['a blank reason', { 'HA-A1': ' \n' }, "acknowledgements: 'HA-A1' has no reason"],
    ['an undefined reason', { 'HA-A1': undefined }, "acknowledgements: 'HA-A1' has no reason"],
    ['a reason that is no string', { 'HA-A1': true }, "acknowledgements: 'HA-A1' has no reason"],
  ])('fails for %s, and not for a rule with a reason', (_, acknowledgements, message) => {
    expect(refusal({ ...SINGLE, acknowledgements })).toContain(message);
    expect(findings({ ...SINGLE, acknowledgements: { 'HA-A1': 'because' } }, 'HA-A1')).toHaveLength(1);
  });

  test('that nothing needs is found, and printed', () => {
    const acknowledgements = { 'HA-A1': 'because' };
    expect(findings({ acknowledgements }, 'HA-0')).toEqual([expect.objectContaining({
      severity: Severity.WARNING, message: 'acknowledgements: HA-A1 is acknowledged, but nothing here breaks it', remedy: "remove 'HA-A1' from acknowledgements",
    })]);
    expect(printed(service({ acknowledgements }))).toContain('warning HA-0 test/web: ');
    expect(findings({ ...SINGLE, acknowledgements }, 'HA-0')).toEqual([]);
  });

  test('that was needed is told apart from one that was not', () => {
    const i = inspection({ 'HA-A1': 'because', 'HA-B1': 'because' });
    i.finding('HA-A1', { message: 'm', remedy: 'r' });
    expect(i.acknowledged).toEqual({ 'HA-A1': 'because' });
    expect(i.errors()).toEqual([]);
  });
});

describe('a finding', () => {
  test('has the severity of its rule, unless it says another', () => {
    const i = inspection();
    i.finding('HA-A4', { message: 'm', remedy: 'r' });
    i.finding('HA-A1', { message: 'm', remedy: 'r', severity: Severity.WARNING });
    expect(i.findings.map(({ severity }) => severity)).toEqual([Severity.WARNING, Severity.WARNING]);
    expect(i.errors()).toEqual([]);
  });

  test('that is an error is a fault unless acknowledged', () => {
    const i = inspection();
    i.finding('HA-A1', { message: 'm', remedy: 'r' });
    expect(i.findings).toEqual([]);
    expect(i.errors()).toEqual(["m [HA-A1]; r, or accept it: acknowledgements: { 'HA-A1': 'the reason' }."]);
    expect(() => i.conclude()).toThrow("Chart 'test' is refused:\n  - m [HA-A1]");
  });

  test('cannot be changed from outside', () => {
    const i = inspection();
    i.finding('HA-A4', { message: 'm', remedy: 'r' });
    i.findings.pop();
    expect(i.findings).toHaveLength(1);
  });
});
