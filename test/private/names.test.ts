import * as fc from 'fast-check';
import { isLabel, isLabelValue, isPortName, isQualifiedKey, isServiceName, isSubdomain } from '../../lib/private/names';
import { describeFaults } from '../fixtures';

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const DIGITS = '0123456789';

/** Said plainly, letter by letter. */
const only = (text: string, allowed: string) => [...text].every(letter => allowed.includes(letter));
const within = (text: string, first: string, middle: string, last: string) => text !== '' && only(text, middle) && first.includes(text[0]) && last.includes(text[text.length - 1]);
const naive = {
  label: (text: string) => text.length <= 63 && within(text, LOWER + DIGITS, `${LOWER}${DIGITS}-`, LOWER + DIGITS),
  serviceName: (text: string) => text.length <= 63 && within(text, LOWER, `${LOWER}${DIGITS}-`, LOWER + DIGITS),
  subdomain: (text: string) => text.length <= 253 && text.split('.').every(part => within(part, LOWER + DIGITS, `${LOWER}${DIGITS}-`, LOWER + DIGITS)),
  portName: (text: string) => text.length <= 15 && within(text, LOWER + DIGITS, `${LOWER}${DIGITS}-`, LOWER + DIGITS) && !text.includes('--') && !only(text, `${DIGITS}-`),
  qualified: (text: string) => text.length <= 63 && within(text, LOWER + UPPER + DIGITS, `${LOWER}${UPPER}${DIGITS}-_.`, LOWER + UPPER + DIGITS),
  labelValue: (text: string) => text === '' || naive.qualified(text),
  key: (text: string) => {
    const slash = text.indexOf('/');
    return slash < 0 ? naive.qualified(text) : naive.subdomain(text.slice(0, slash)) && naive.qualified(text.slice(slash + 1));
  },
};

/** Strings near the border between valid and invalid. */
const nearly = fc.string({ unit: fc.constantFrom(...'aaazAZ09-_./ é\n'), maxLength: 12 });
const long = fc.tuple(fc.constantFrom('a', 'a.', '0', '-', 'A'), fc.integer({ min: 14, max: 255 })).map(([unit, length]) => unit.repeat(length).slice(0, length));

test.each<[string, (text: string) => boolean, (text: string) => boolean]>([
  ['isLabel', isLabel, naive.label],
  ['isServiceName', isServiceName, naive.serviceName],
  ['isSubdomain', isSubdomain, naive.subdomain],
  ['isPortName', isPortName, naive.portName],
  ['isLabelValue', isLabelValue, naive.labelValue],
  ['isQualifiedKey', isQualifiedKey, naive.key],
])('%s says the same as its definition, letter by letter', (_, predicate, definition) => {
  fc.assert(fc.property(fc.oneof(nearly, long), text => {
    expect([text, predicate(text)]).toEqual([text, definition(text)]);
  }), { numRuns: 500, examples: [[''], ['a'.repeat(63)], ['a'.repeat(64)], ['a'.repeat(253)], ['a'.repeat(254)], ['a'.repeat(15)], ['a'.repeat(16)], ['a\n'], ['/'], ['a/'], ['/a'], ['a/b/c']] });
});

test('a key may have a DNS name before its slash', () => {
  expect(isQualifiedKey('example.com/My_Key')).toBe(true);
  expect(isQualifiedKey(`${'a'.repeat(253)}/a`)).toBe(true);
  expect(isQualifiedKey(`${'a'.repeat(254)}/a`)).toBe(false);
});

const KEY_REMEDY = "is no label or annotation key; use a name of at most 63 letters, digits, '-', '_' and '.', after a DNS name and '/' if you like.";
const VALUE_REMEDY = "is no label value; use at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends.";
describeFaults([
  ['a label of a bad key', { labels: { 'my team': 'a' } }, `labels: 'my team' ${KEY_REMEDY}`, { labels: { 'my-team': 'a' } }],
  ['a label without a key', { labels: { '': 'a' } }, `labels: '' ${KEY_REMEDY}`, { labels: { a: '' } }],
  ['a label of a bad value', { labels: { team: 'a b' } }, `labels.team: 'a b' ${VALUE_REMEDY}`, { labels: { team: 'a_b' } }],
  ['a label of a long value', { labels: { team: 'a'.repeat(64) } }, VALUE_REMEDY, { labels: { team: 'a'.repeat(63) } }],
  ['a label that is a number', { labels: { team: 1 as any } }, 'labels.team: 1 is no string; write it as a string, or leave it out.', { labels: { team: '1' } }],
  ['a label that is undefined', { podLabels: { team: undefined as any } }, 'podLabels.team: undefined is no string; write it as a string, or leave it out.', { podLabels: { team: '' } }],
  ['an annotation of a bad key', { annotations: { 'a//b': '' } }, `annotations: 'a//b' ${KEY_REMEDY}`, { annotations: { 'a/b': '' } }],
  ['an annotation of the pods of a bad key', { podAnnotations: { '-a': '' } }, `podAnnotations: '-a' ${KEY_REMEDY}`, { podAnnotations: { a: 'any text\nat all' } }],
]);
