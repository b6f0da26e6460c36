import { Duration } from 'cdk8s';
import { IConstruct } from 'constructs';
import { secondsOf } from './duration';
import { Finding, Severity } from '../review/finding';
import { RULES } from '../review/rules';

/** What a finding says besides the facts that its rule fixes. */
export interface Questionable {
  readonly message: string;
  readonly remedy: string;

  /** @default - the rule's own */
  readonly severity?: Severity;
}

/**
 * Collects all that is wrong with one construct, so that its user mends everything in one go, and all that is
 * questionable, so that it can be shown at synth.
 */
export class Inspection {
  private readonly faults = new Set<string>();
  private readonly _findings: Finding[] = [];
  private readonly applied = new Set<string>();

  constructor(private readonly construct: IConstruct, private readonly acknowledgements: Record<string, string>) {
    for (const [rule, reason] of Object.entries(acknowledgements)) {
      if (!isRule(rule)) {
        this.fault('acknowledgements', rule, 'is not a rule', `use one of ${Object.keys(RULES).join(', ')}`);
      } else if (typeof reason !== 'string' || !reason.trim()) {
        this.fault('acknowledgements', rule, 'has no reason', `say why it is acceptable here: { '${rule}': 'the reason' }`);
      }
    }
  }

  /** What is questionable, acknowledged or not. */
  public get findings(): Finding[] {
    return [...this._findings];
  }

  /** The acknowledgements that some finding needed. */
  public get acknowledged(): Record<string, string> {
    return Object.fromEntries(Object.entries(this.acknowledgements).filter(([rule]) => this.applied.has(rule)));
  }

  /** The prop has a value that cannot work. */
  public fault(prop: string, value: unknown, rule: string, remedy: string): void {
    this.faults.add(`${prop}: ${show(value)} ${rule}; ${remedy}.`);
  }

  /** The configuration works but costs availability: refused if that is an error that nobody has acknowledged. */
  public finding(rule: keyof typeof RULES, { message, remedy, severity = RULES[rule].severity }: Questionable): void {
    const acknowledgement = this.acknowledgements[rule];
    if (acknowledgement) {
      this.applied.add(rule);
    }
    if (severity === Severity.ERROR && !acknowledgement) {
      this.faults.add(`${message} [${rule}]; ${remedy}, or accept it: acknowledgements: { '${rule}': 'the reason' }.`);
      return;
    }
    this._findings.push({
      rule,
      severity,
      path: this.construct.node.path,
      message,
      remedy,
      source: RULES[rule].source,
      ...(acknowledgement && { acknowledgement }),
    });
  }

  /** Says which of these acknowledgements nothing needed: what they excused is gone, and they would hide its return. */
  public reportUnused(own: Record<string, string>): void {
    for (const rule of Object.keys(own)) {
      if (isRule(rule) && !this.applied.has(rule)) {
        this.finding('HA-0', {
          message: `acknowledgements: ${rule} is acknowledged, but nothing here breaks it`,
          remedy: `remove '${rule}' from acknowledgements`,
        });
      }
    }
  }

  /** @returns whether the number is whole and within the bounds (a fault is recorded if not). */
  public integer(prop: string, value: number, min: number, max: number = Number.MAX_SAFE_INTEGER): boolean {
    if (Number.isInteger(value) && value >= min && value <= max) {
      return true;
    }
    const bounds = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    this.fault(prop, value, `is no whole number ${bounds}`, 'give one');
    return false;
  }

  /** @returns the duration in seconds; a fault is recorded if Kubernetes has no such duration. */
  public seconds(prop: string, duration: Duration, min: number, max: number = 2 ** 31 - 1): number {
    const seconds = secondsOf(duration);
    if (typeof duration?.toMilliseconds !== 'function') {
      this.fault(prop, duration, 'is no duration', 'give one such as Duration.seconds(30)');
    } else if (!Number.isInteger(seconds)) {
      this.fault(prop, `${seconds} s`, 'is no whole number of seconds', 'round it: Kubernetes counts in seconds');
    } else if (seconds < min) {
      this.fault(prop, `${seconds} s`, `is less than ${min} s`, `give ${min} s or more`);
    } else if (seconds > max) {
      this.fault(prop, `${seconds} s`, `is more than ${max} s`, `give ${max} s or less`);
    }
    return seconds;
  }

  /** @throws with all faults in one message, if there are any */
  public conclude(): void {
    const errors = this.errors();
    if (errors.length > 0) {
      throw new Error(`${this.construct.constructor.name} '${this.construct.node.path}' is refused:\n${errors.map(e => `  - ${e}`).join('\n')}`);
    }
  }

  /** The faults so far. */
  public errors(): string[] {
    return [...this.faults];
  }
}

function isRule(rule: string): boolean {
  return Object.hasOwn(RULES, rule);
}

function show(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
