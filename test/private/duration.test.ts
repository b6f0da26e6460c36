import { Duration } from 'cdk8s';
import { secondsOf } from '../../lib/private/duration';

test.each([[Duration.seconds(30), 30], [Duration.minutes(2), 120], [Duration.millis(1500), 1.5], [Duration.millis(0.5), 0.0005]])('%j are as many seconds, with their fraction', (duration, seconds) => {
  expect(secondsOf(duration)).toBe(seconds);
});

test.each([[Duration.seconds(NaN)], [30 as any], ['30s' as any], [null as any], [undefined as any]])('%j are no number of seconds', duration => {
  expect(secondsOf(duration)).toBeNaN();
});
