/**
 * How much a finding costs.
 */
export enum Severity {
  /** Availability is lost: refused unless acknowledged. */
  ERROR = 'error',

  /** Availability is at risk: printed when the app is synthesized. */
  WARNING = 'warning',

  /** Worth knowing: kept in the findings, not printed. */
  INFORMATION = 'information',
}

/**
 * Something that works, but costs availability.
 */
export interface Finding {
  /** The rule's stable id, such as `HA-D7`. */
  readonly rule: string;

  /** How much it costs. */
  readonly severity: Severity;

  /** The path of the construct that it is about. */
  readonly path: string;

  /** What is questionable, with the numbers of the case. */
  readonly message: string;

  /** What to change. */
  readonly remedy: string;

  /** Where the rule's reason can be read. */
  readonly source: string;

  /**
   * Why it is accepted here.
   *
   * @default - nobody has acknowledged it
   */
  readonly acknowledgement?: string;
}
