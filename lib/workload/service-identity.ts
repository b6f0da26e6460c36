import { ApiObjectMetadata } from 'cdk8s';
import { IServiceAccount, ServiceAccount } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { Inspection } from '../private/inspection';
import { checkKeys, isSubdomain } from '../private/names';

/**
 * What an own service account is like.
 */
export interface OwnServiceAccountOptions {
  /**
   * Annotations of the service account, such as the cloud role that the pods may assume.
   *
   * @default - none
   */
  readonly annotations?: Record<string, string>;

  /**
   * Whether the pods get a token for the Kubernetes API. Few need one; who steals it acts as the service.
   *
   * @default false
   */
  readonly mountToken?: boolean;
}

/**
 * Who the pods are, for the Kubernetes API and for clouds.
 *
 * @see https://kubernetes.io/docs/concepts/security/service-accounts/
 */
export class ServiceIdentity {
  /**
   * A service account of the service's own, without any right.
   */
  public static own(options: OwnServiceAccountOptions = {}): ServiceIdentity {
    return new ServiceIdentity('own', options);
  }

  /**
   * A service account that exists, or that is made elsewhere in the program.
   *
   * @param name its name
   * @param mountToken whether the pods get a token for the Kubernetes API
   */
  public static existing(name: string, mountToken: boolean = false): ServiceIdentity {
    return new ServiceIdentity('existing', { mountToken }, name);
  }

  /**
   * The namespace's own `default` service account, without a token.
   */
  public static none(): ServiceIdentity {
    return new ServiceIdentity('none');
  }

  private constructor(
    private readonly kind: 'own' | 'existing' | 'none',
    private readonly options: OwnServiceAccountOptions = {},
    private readonly name: string = '',
  ) {
  }

  /** Whether the pods get a token for the Kubernetes API. @internal */
  public get _mountToken(): boolean {
    return this.options.mountToken ?? false;
  }

  /** @internal */
  public _inspect(inspection: Inspection): void {
    checkKeys(inspection, 'serviceAccount.annotations', this.options.annotations ?? {});
    if (this.kind === 'existing' && !isSubdomain(this.name)) {
      inspection.fault('serviceAccount', this.name, 'is no object name', "use lower case letters, digits, '-' and '.'");
    }
  }

  /** @internal */
  public _bind(scope: Construct, metadata: ApiObjectMetadata): IServiceAccount | undefined {
    switch (this.kind) {
      case 'own':
        return new ServiceAccount(scope, 'ServiceAccount', {
          metadata: { ...metadata, annotations: { ...metadata.annotations, ...this.options.annotations } },
          automountToken: this._mountToken,
        });
      case 'existing':
        return ServiceAccount.fromServiceAccountName(scope, 'ServiceAccount', this.name);
      case 'none':
        return undefined;
    }
  }
}
