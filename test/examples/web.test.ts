import { synth } from './synth';

test('the flagship example is one file of plain YAML', () => {
  const { files, stderr } = synth('web');

  expect(files).toMatchSnapshot();
  expect(stderr).not.toContain('warning HA-');
});
