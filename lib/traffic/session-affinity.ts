import { Duration } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Inspection } from '../private/inspection';

/** A day: what the API server accepts at most. */
const MAX_SECONDS = 86400;

/**
 * Which requests stay with the same pod.
 */
export class SessionAffinity {
  /**
   * All connections from one address go to the same pod. Clients behind one router share one address, and so one pod.
   *
   * @param timeout for how long after the last connection; from 1 s to one day. Kubernetes' own default is 3 hours
   * @see https://kubernetes.io/docs/reference/networking/virtual-ips/#session-affinity
   */
  public static clientIp(timeout: Duration = Duration.hours(3)): SessionAffinity {
    return new SessionAffinity(timeout);
  }

  private constructor(private readonly timeout: Duration) {
  }

  /** @internal */
  public _bind(inspection: Inspection): Pick<k8s.ServiceSpec, 'sessionAffinity' | 'sessionAffinityConfig'> {
    inspection.finding('HA-G2', {
      message: 'loadBalancing.sessionAffinity: clients behind one router or load balancer count as one, so that a single pod may get most of the load',
      remedy: 'keep sessions outside the pods, or make them stick by a cookie at an ingress',
    });
    return {
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIp: { timeoutSeconds: inspection.seconds('loadBalancing.sessionAffinity', this.timeout, 1, MAX_SECONDS) } },
    };
  }
}
