import { Severity } from './finding';

/** What every finding of a rule has in common. */
export interface Rule {
  readonly severity: Severity;
  readonly source: string;
}

const { ERROR, WARNING, INFORMATION } = Severity;

const KUBERNETES = 'https://kubernetes.io/docs';
const HPA = `${KUBERNETES}/tasks/run-application/horizontal-pod-autoscale/`;
const PDB = `${KUBERNETES}/tasks/run-application/configure-pdb/`;
const SPREAD = `${KUBERNETES}/concepts/scheduling-eviction/topology-spread-constraints/`;
const DEPLOYMENT = `${KUBERNETES}/concepts/workloads/controllers/deployment/`;
const PROBES = `${KUBERNETES}/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/`;
const LIFECYCLE = `${KUBERNETES}/concepts/workloads/pods/pod-lifecycle/#pod-termination`;
const EKS = 'https://docs.aws.amazon.com/eks/latest/best-practices';
const GARDENER = 'https://gardener.cloud/docs/gardener/high-availability/shoot_high_availability_best_practices/';

/** The rules that a construct decides from its own props. */
export const RULES: Record<string, Rule> = {
  'HA-0': { severity: WARNING, source: 'https://github.com/cdk8s-high-availability/cdk8s-high-availability#acknowledgements' },
  'HA-A1': { severity: ERROR, source: 'https://github.com/zegl/kube-score/blob/master/README_CHECKS.md' },
  'HA-A3': { severity: ERROR, source: HPA },
  'HA-A4': { severity: WARNING, source: HPA },
  'HA-A5': { severity: WARNING, source: GARDENER },
  'HA-A6': { severity: WARNING, source: GARDENER },
  'HA-A9': { severity: WARNING, source: HPA },
  'HA-B1': { severity: ERROR, source: PDB },
  'HA-B2': { severity: ERROR, source: PDB },
  'HA-B3': { severity: ERROR, source: PDB },
  'HA-B4': { severity: WARNING, source: PDB },
  'HA-B7': { severity: WARNING, source: `${PDB}#unhealthy-pod-eviction-policy` },
  'HA-B8': { severity: WARNING, source: `${EKS}/application.html` },
  'HA-B9': { severity: WARNING, source: PDB },
  'HA-B10': { severity: WARNING, source: 'https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md' },
  'HA-C5': { severity: WARNING, source: SPREAD },
  'HA-C8': { severity: WARNING, source: SPREAD },
  'HA-C9': { severity: WARNING, source: SPREAD },
  'HA-C11': { severity: WARNING, source: `${KUBERNETES}/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions` },
  'HA-D3': { severity: WARNING, source: `${EKS}/application.html` },
  'HA-D4': { severity: ERROR, source: `${DEPLOYMENT}#progress-deadline-seconds` },
  'HA-D5': { severity: WARNING, source: `${DEPLOYMENT}#min-ready-seconds` },
  'HA-D7': { severity: WARNING, source: `${KUBERNETES}/concepts/containers/images/#image-pull-policy` },
  'HA-E2': { severity: WARNING, source: PROBES },
  'HA-E3': { severity: WARNING, source: PROBES },
  'HA-E5': { severity: ERROR, source: `${PROBES}#define-startup-probes` },
  'HA-E7': { severity: WARNING, source: `${EKS}/application.html` },
  'HA-F1': { severity: WARNING, source: `${EKS}/load-balancing.html` },
  'HA-F2': { severity: WARNING, source: LIFECYCLE },
  'HA-F4': { severity: WARNING, source: 'https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/3960-pod-lifecycle-sleep-action' },
  'HA-F5': { severity: WARNING, source: `${EKS}/load-balancing.html` },
  'HA-G2': { severity: INFORMATION, source: `${KUBERNETES}/reference/networking/virtual-ips/#session-affinity` },
  'HA-G3': { severity: WARNING, source: `${KUBERNETES}/tasks/access-application-cluster/create-external-load-balancer/#preserving-the-client-source-ip` },
  'HA-G4': { severity: WARNING, source: `${KUBERNETES}/concepts/services-networking/service/#traffic-distribution` },
  'HA-H1': { severity: WARNING, source: `${KUBERNETES}/concepts/configuration/manage-resources-containers/` },
  'HA-H2': { severity: WARNING, source: 'https://github.com/kubernetes/kubernetes/issues/67577' },
  'HA-H7': { severity: WARNING, source: `${KUBERNETES}/concepts/security/pod-security-standards/#restricted` },
};
