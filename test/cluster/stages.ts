/**
 * How the fake kubelets behave: KWOK's stages for pods and nodes.
 *
 * KWOK's stock stages make a pod ready at once and delete it at once. These keep
 * to the pod's own probes, preStop hooks and grace period, as a kubelet would if
 * the application answered from `ready-after` seconds on. No probe and no hook is
 * executed: there is no container.
 *
 * Annotations of a pod (most useful in a pod template) steer its application:
 *
 * - `cluster-test/ready-after: "8"`: answers its probes from 8 s after its start; `never`: not at all (a bad release)
 * - `cluster-test/crash-after: "5"`: ends 5 s after each start of its container, and is restarted with the kubelet's back-off
 * - `cluster-test/sick: "true"`: stops answering readiness probes, until the annotation is taken away
 * - `cluster-test/shutdown-time: "3"`: takes 3 s to end after SIGTERM
 *
 * What is simpler than in a kubelet: all containers of a pod live and die
 * together; a sick pod does not fail its liveness probe; sidecars end with the
 * others; image pulls take no time. A stage that was already waiting for its
 * delay when a node fell silent is still played.
 */

/** Nodes with this label have a kubelet; taken away, the kubelet falls silent. */
export const KUBELET_LABEL = 'cluster-test/kubelet';

/** The annotations that steer a pod. */
export const ANNOTATIONS = {
  readyAfter: 'cluster-test/ready-after',
  crashAfter: 'cluster-test/crash-after',
  sick: 'cluster-test/sick',
  shutdownTime: 'cluster-test/shutdown-time',
} as const;

/**
 * jq functions over a pod. A kubelet probes each `periodSeconds` from the start
 * of the container, but not before the initial delay; so a probe first succeeds
 * on the first such tick at which the application answers.
 */
const LIBRARY = `
def never: 1000000000;
def annotated($key): (.metadata.annotations // {})[$key];
def app: (annotated("${ANNOTATIONS.readyAfter}") // "0") | if . == "never" then never else tonumber end;
def period: .periodSeconds // 10;
def tick($seconds): ($seconds / period | ceil) * period;
def succeeds($app): tick([.initialDelaySeconds // 0, $app] | max);
def gives_up: tick(.initialDelaySeconds // 0) + ((.failureThreshold // 3) - 1) * period;
def started($app): if .startupProbe then (.startupProbe | succeeds($app)) else 0 end;
def ready($app): started($app) as $started
  | if .readinessProbe
    then .readinessProbe | ([$started, succeeds($app)] | max) + ((.successThreshold // 1) - 1) * period
    else $started end;
def ready_after: app as $app | [.spec.containers[] | ready($app)] | max;
def killed_after: app as $app | [.spec.containers[] | (.startupProbe // .livenessProbe // empty)
  | select(succeeds($app) > gives_up) | gives_up] | min // never;
def ends_after: [killed_after, ((annotated("${ANNOTATIONS.crashAfter}") // "\\(never)") | tonumber)] | min;
def container_states: [.status.containerStatuses[]? | .state];
def living: .metadata.deletionTimestamp == null and .status.phase == "Running";
def running: (container_states | length > 0) and (container_states | all(.running != null));
def is_ready: [.status.conditions[]? | select(.type == "Ready") | .status] == ["True"];
def probed: [.spec.containers[] | .readinessProbe // empty] | length > 0;
def sick: annotated("${ANNOTATIONS.sick}") == "true" and probed;
def gates_open: (.status.conditions // []) as $conditions | [.spec.readinessGates[]? | .conditionType as $type
  | $conditions | any(.type == $type and .status == "True")] | all;
def to_completion: .spec.restartPolicy != "Always";
def started_at: [container_states[] | .running.startedAt | fromdateiso8601] | max;
def ended_at: [.status.containerStatuses[] | .lastState.terminated.finishedAt | fromdateiso8601] | max;
def back_off: ([.status.containerStatuses[].restartCount] | max) as $n
  | if $n <= 1 then 1 else [10 * pow(2; $n - 2), 300] | min end;
def slept: ((.sleep.seconds // ((.exec.command // []) | join(" ") | capture("sleep +(?<n>[0-9]+)") | .n | tonumber)) // 0);
def shutdown: (annotated("${ANNOTATIONS.shutdownTime}") // "0") | tonumber;
def stop_time: if running
  then ([.spec.containers[] | [.lifecycle.preStop // empty | slept] | add // 0] | max) + shutdown
  else 0 end;
def grace: .metadata.deletionGracePeriodSeconds // 0;
def wait_from($since; $seconds): [$seconds, $since + 1 + $seconds - now] | min | . * 1000 | floor | "\\(.)ms";
`;
// `wait_from`: Kubernetes keeps times in whole seconds. Counted from the moment
// that KWOK sees an object the wait is exact, but would begin anew with each change
// of the object; counted from the time in the object it can be up to 1 s short. So:
// the first, unless the second, with that second added, is over earlier.

interface StageProps {
  readonly kind: 'Pod' | 'Node';
  /** A jq expression that is true for the objects in this stage. */
  readonly when: string;
  /** A jq expression of a duration such as "200ms". */
  readonly after?: string;
  /** A Go template of the new status; without one, the object is deleted. */
  readonly status?: string;
}

function stage(name: string, props: StageProps): object {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: {
      resourceRef: { apiGroup: 'v1', kind: props.kind },
      selector: {
        matchExpressions: [{ jq: { key: LIBRARY + props.when, operator: 'In', values: ['true'] } }],
      },
      ...(props.after && { delay: { durationMilliseconds: 0, durationFrom: { jq: { expression: LIBRARY + props.after } } } }),
      steps: [props.status
        ? { patch: { subresource: 'status', root: 'status', template: props.status } }
        : { delete: true }],
    },
  };
}

const CONDITIONS = (status: 'True' | 'False', reason = '') => `
conditions:
{{ $now := Now }}
{{ range list "ContainersReady" "Ready" }}
- { type: {{ . }}, status: "${status}", reason: "${reason}", lastTransitionTime: {{ $now | Quote }} }
{{ end }}
`;

/** The API replaces the list of containers as a whole: so each is written with all that it had, and what is set here. */
const CONTAINERS = (values: Record<string, string>) => `
containerStatuses:
{{ range .status.containerStatuses }}
${Object.entries(values).map(([field, value]) => `{{ $_ := set . "${field}" ${value} }}`).join('\n')}
- {{ toJson . }}
{{ end }}
`;

const TERMINATED = (exitCode: number, reason: string) =>
  `(dict "terminated" (dict "exitCode" ${exitCode} "reason" "${reason}" "startedAt" .state.running.startedAt "finishedAt" Now))`;

const STARTED = `
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: false
  started: {{ if .startupProbe }}false{{ else }}true{{ end }}
  restartCount: 0
  state: { running: { startedAt: {{ Now | Quote }} } }
{{ end }}
`;

const PODS = [
  stage('pod-start', {
    kind: 'Pod',
    when: '.metadata.deletionTimestamp == null and .status.phase == "Pending" and .spec.nodeName != null',
    status: `
phase: Running
startTime: {{ Now | Quote }}
{{ with NodeIPsWith .spec.nodeName }}
hostIP: {{ index . 0 | Quote }}
{{ end }}
{{ with PodIPsWith .spec.nodeName ( or .spec.hostNetwork false ) .metadata.uid .metadata.name .metadata.namespace }}
podIP: {{ index . 0 | Quote }}
podIPs: [{ ip: {{ index . 0 | Quote }} }]
{{ end }}
${CONDITIONS('False', 'ContainersNotReady')}
- { type: Initialized, status: "True", lastTransitionTime: {{ Now | Quote }} }
initContainerStatuses:
{{ range .spec.initContainers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: true
  restartCount: 0
  {{ if eq ( or .restartPolicy "" ) "Always" }}
  started: true
  state: { running: { startedAt: {{ Now | Quote }} } }
  {{ else }}
  state: { terminated: { exitCode: 0, reason: Completed, startedAt: {{ Now | Quote }}, finishedAt: {{ Now | Quote }} } }
  {{ end }}
{{ end }}
${STARTED}`,
  }),
  stage('pod-ready', {
    kind: 'Pod',
    when: 'living and running and (is_ready or to_completion or sick | not) and gates_open and ready_after < never and ready_after <= ends_after',
    after: 'wait_from(started_at; ready_after)',
    status: CONDITIONS('True') + CONTAINERS({ ready: 'true', started: 'true' }),
  }),
  stage('pod-sick', {
    kind: 'Pod',
    when: 'living and running and is_ready and sick and ends_after >= never',
    after: '[.spec.containers[] | .readinessProbe // empty | (.failureThreshold // 3) * period] | min | "\\(.)s"',
    status: CONDITIONS('False', 'ContainersNotReady') + CONTAINERS({ ready: 'false' }),
  }),
  stage('pod-crash', {
    kind: 'Pod',
    when: 'living and running and (to_completion | not) and ends_after < never and (is_ready or ends_after < ready_after)',
    after: 'wait_from(started_at; ends_after)',
    // In this order: the last line takes away what the line before it reads.
    status: CONDITIONS('False', 'ContainersNotReady') + CONTAINERS({
      ready: 'false',
      started: 'false',
      restartCount: '(add .restartCount 1)',
      lastState: TERMINATED(1, 'Error'),
      state: '(dict "waiting" (dict "reason" "CrashLoopBackOff"))',
    }),
  }),
  stage('pod-restart', {
    kind: 'Pod',
    when: 'living and (container_states | any(.waiting.reason == "CrashLoopBackOff"))',
    after: 'wait_from(ended_at; back_off)',
    status: CONTAINERS({ state: '(dict "running" (dict "startedAt" Now))' }),
  }),
  stage('pod-complete', {
    kind: 'Pod',
    when: 'living and running and to_completion',
    after: 'wait_from(started_at; 1)',
    status: 'phase: Succeeded' + CONDITIONS('False', 'PodCompleted') + CONTAINERS({ started: 'false', state: TERMINATED(0, 'Completed') }),
  }),
  stage('pod-stop', {
    kind: 'Pod',
    when: '.metadata.deletionTimestamp != null',
    after: 'wait_from((.metadata.deletionTimestamp | fromdateiso8601) - grace; [stop_time, grace] | min)',
  }),
];

const NODES = [
  stage('node-ready', {
    kind: 'Node',
    when: 'is_ready | not',
    status: `
phase: Running
conditions:
{{ range NodeConditions }}
- type: {{ .type }}
  status: {{ .status | Quote }}
  reason: {{ .reason }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ Now | Quote }}
  lastTransitionTime: {{ Now | Quote }}
{{ end }}
`,
  }),
  // The lease, which KWOK renews by itself, is the heartbeat that counts; a kubelet
  // that has nothing to tell posts its status every five minutes.
  stage('node-heartbeat', {
    kind: 'Node',
    when: 'is_ready',
    after: '"300s"',
    status: `
conditions:
{{ range NodeConditions }}
- { type: {{ .type }}, lastHeartbeatTime: {{ Now | Quote }} }
{{ end }}
`,
  }),
];

/** KWOK's whole configuration: a stream of documents. */
export function kwokConfiguration(props: { leaseSeconds: number }): string {
  const configuration = {
    apiVersion: 'config.kwok.x-k8s.io/v1alpha1',
    kind: 'KwokConfiguration',
    options: {
      manageNodesWithLabelSelector: `${KUBELET_LABEL}=alive`,
      nodeLeaseDurationSeconds: props.leaseSeconds,
      nodeLeaseParallelism: 4,
      nodePlayStageParallelism: 4,
      podPlayStageParallelism: 4,
      // Without it the pods of a node that comes back are never looked at again.
      podsOnNodeSyncParallelism: 4,
      enableDebuggingHandlers: false,
      enableProfilingHandler: false,
    },
  };
  return [configuration, ...PODS, ...NODES].map((document) => JSON.stringify(document)).join('\n---\n');
}
