import { Inspection } from './private/inspection';

/** The oldest version whose API server accepts what the library emits. */
const OLDEST_MINOR = 28;

/**
 * The version of the cluster that the manifests are for. It decides which fields may be used.
 *
 * A class rather than a number, since YAML and Python turn the number 1.30 into 1.3.
 */
export class KubernetesVersion {
  /**
   * A version such as `'1.30'`; `'v1.30.4-gke.100'`, as `kubectl version` prints it, means the same.
   *
   * Support begins at 1.28.
   */
  public static of(version: string): KubernetesVersion {
    return new KubernetesVersion(version);
  }

  private readonly minor: number;

  private constructor(private readonly version: string) {
    const [, minor] = /^v?1\.(\d+)(?:[.+-].*)?$/.exec(version) ?? [];
    this.minor = Number(minor ?? NaN);
  }

  /**
   * Whether this version is `version` or newer.
   */
  public isAtLeast(version: KubernetesVersion): boolean {
    return this.minor >= version.minor;
  }

  /**
   * The version as it was given.
   */
  public toString(): string {
    return this.version;
  }

  /** @internal */
  public _inspect(inspection: Inspection): void {
    if (Number.isNaN(this.minor)) {
      inspection.fault('kubernetesVersion', this.version, 'is not a Kubernetes version', "give one such as KubernetesVersion.of('1.30')");
    } else if (this.minor < OLDEST_MINOR) {
      inspection.fault('kubernetesVersion', this.version, `is older than 1.${OLDEST_MINOR}, the oldest that is supported`,
        this.minor < 10 ? `'1.${this.minor}0' loses its zero when it is written as a number: write it as a string` : 'upgrade the cluster');
    }
  }

  /**
   * Records a fault if this version does not know a field that was asked for.
   *
   * @internal
   */
  public _require(inspection: Inspection, prop: string, value: string, since: string, instead: string): void {
    if (!this.isAtLeast(KubernetesVersion.of(since))) {
      inspection.fault(prop, value, `needs Kubernetes ${since}, but kubernetesVersion is ${this.version}`, instead);
    }
  }
}
