import { Severity } from '../../lib';
import { RULES } from '../../lib/review/rules';

test.each(Object.entries(RULES))('%s has a stable id, a severity and a source to read', (id, { severity, source }) => {
  expect(id).toMatch(/^HA-(0|[A-H]\d{1,2})$/);
  expect(Object.values(Severity)).toContain(severity);
  expect(source).toMatch(/^https:\/\/\S+$/);
});
