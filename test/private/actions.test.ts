import { checkCommand, checkPath } from '../../lib/private/actions';
import { Inspection } from '../../lib/private/inspection';
import { chart } from '../fixtures';

function errors(check: (inspection: Inspection) => void): string[] {
  const inspection = new Inspection(chart(), {});
  check(inspection);
  return inspection.errors();
}

test.each([[['x']], [['/bin/x', '', ' ', '--flag']]])('%j is a command', command => {
  expect(errors(inspection => checkCommand(inspection, 'command', command))).toEqual([]);
});

test.each<[any, string]>([
  [[], "command: '[]' is empty; name the program to run."],
  [[''], "command: '[]' has a word that is empty or no string; write each word as a string, the program first."],
  [['x', 1], "command: '[x, 1]' has a word that is empty or no string; write each word as a string, the program first."],
  [[undefined], "command: '[]' has a word that is empty or no string; write each word as a string, the program first."],
  ['x y', "command: 'x y' is no list of words; write it as a list, such as ['/bin/check', '--fast']."],
  [undefined, "command: undefined is no list of words; write it as a list, such as ['/bin/check', '--fast']."],
])('fails for the command %j', (command, message) => {
  expect(errors(inspection => checkCommand(inspection, 'command', command))).toEqual([message]);
});

test.each(['/', '/healthz', '/a?b=c'])('%s is a path', path => {
  expect(errors(inspection => checkPath(inspection, 'path', path))).toEqual([]);
});

test.each<[any, string]>([
  ['', "path: '' does not begin with '/'; write '/'."],
  ['healthz', "path: 'healthz' does not begin with '/'; write '/healthz'."],
  [' //healthz', "path: ' //healthz' does not begin with '/'; write '/healthz'."],
  [undefined, "path: undefined does not begin with '/'; write '/'."],
  [5, "path: 5 does not begin with '/'; write '/5'."],
])('fails for the path %j', (path, message) => {
  expect(errors(inspection => checkPath(inspection, 'path', path))).toEqual([message]);
});
