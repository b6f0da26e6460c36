import { ApiObject, Chart, JsonPatch, Size } from 'cdk8s';
import {
  ConfigMap, EnvValue, NetworkPolicyPort, Node, NodeLabelQuery, NodeTaintQuery, Service, ServiceAccount, Topology, Volume,
} from 'cdk8s-plus-28';
import { IMAGE, chart, container, manifest, manifests, podSpec, refusal, service } from './fixtures';
import { GracefulShutdown, HighAvailabilityService, ServiceIdentity } from '../lib';

const SELECTOR = { 'app.kubernetes.io/name': 'web' };

describe('the Deployment', () => {
  test('is what cdk8s finds for the service', () => {
    const web = service();
    expect(ApiObject.of(web)).toBe(ApiObject.of(web.deployment));
    ApiObject.of(web).metadata.addAnnotation('later', 'yes');
    expect(manifest(web, 'Deployment').metadata.annotations).toEqual({ later: 'yes' });
  });

  test('tolerates more taints', () => {
    const web = service();
    web.deployment.scheduling.tolerate(Node.tainted(NodeTaintQuery.is('dedicated', 'web')));
    expect(podSpec(web).tolerations).toHaveLength(3);
    expect(podSpec(web).tolerations).toContainEqual({ key: 'dedicated', operator: 'Equal', value: 'web' });
  });

  test('is attracted by nodes', () => {
    const web = service();
    web.deployment.scheduling.attract(Node.labeled(NodeLabelQuery.is('disk', 'ssd')), { weight: 5 });
    expect(podSpec(web).affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution).toEqual([
      { weight: 5, preference: { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] } },
    ]);
  });

  test('stays away from another service', () => {
    const scope = chart();
    const web = service({}, scope);
    const other = new HighAvailabilityService(scope, 'other', { image: IMAGE });
    web.deployment.scheduling.separate(other.deployment, { topology: Topology.HOSTNAME });
    const { affinity } = manifest(web, 'Deployment', 'web').spec.template.spec;
    expect(affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]).toMatchObject({
      labelSelector: { matchLabels: { 'app.kubernetes.io/name': 'other' } }, topologyKey: 'kubernetes.io/hostname',
    });
  });

  test('takes labels and annotations', () => {
    const web = service();
    web.deployment.metadata.addLabel('later', 'label');
    web.deployment.metadata.addAnnotation('later', 'annotation');
    expect(manifest(web, 'Deployment').metadata).toMatchObject({ labels: { later: 'label' }, annotations: { later: 'annotation' } });
    expect(manifest(web, 'Deployment').spec.selector.matchLabels).toEqual(SELECTOR);
  });

  test('takes labels and annotations of the pods', () => {
    const web = service();
    web.deployment.podMetadata.addLabel('later', 'label');
    web.deployment.podMetadata.addAnnotation('later', 'annotation');
    expect(manifest(web, 'Deployment').spec.template.metadata).toMatchObject({ labels: { ...SELECTOR, later: 'label' }, annotations: { later: 'annotation' } });
  });

  test('can be exposed by another Service, which finds the same pods', () => {
    const web = service();
    web.deployment.exposeViaService({ name: 'other' });
    expect(manifest(web, 'Service', 'other').spec).toMatchObject({ selector: SELECTOR, ports: [{ name: 'http', port: 8080, targetPort: 8080 }] });
  });

  test('can be exposed by an ingress of its own', () => {
    const web = service();
    web.deployment.exposeViaIngress('/shop', { name: 'other' });
    expect(manifest(web, 'Ingress').spec.rules[0].http.paths[0]).toMatchObject({ path: '/shop', backend: { service: { name: 'other', port: { number: 8080 } } } });
  });
});

describe('a container that is added later', () => {
  const added = (props = {}, own = {}) => {
    const web = service(own);
    web.deployment.addContainer({ name: 'proxy', image: 'envoy:1', ...props });
    return container(web, 'proxy');
  };

  test('is hardened like the main one', () => {
    expect(added().securityContext).toEqual(container(service()).securityContext);
  });

  test('drains like the main one', () => {
    expect(added().lifecycle).toEqual({ preStop: { sleep: { seconds: 15 } } });
    expect(added({}, { shutdown: GracefulShutdown.application() })).not.toHaveProperty('lifecycle');
  });

  test('is not given a startup probe that it did not ask for', () => {
    expect(added({ portNumber: 9901 })).not.toHaveProperty('startupProbe');
  });

  test('is small, unless it says what it needs', () => {
    expect(added().resources).toEqual({ requests: { cpu: '50m', memory: '128Mi' }, limits: { cpu: '500m', memory: '128Mi' } });
    expect(added({ resources: { cpu: {}, memory: { request: Size.mebibytes(64) } } }, { replicas: 3 }).resources).toEqual({ requests: { memory: '64Mi' } });
  });

  test('fails at synth if its name is taken', () => {
    const web = service();
    expect(refusal(() => {
      web.deployment.addContainer({ name: 'web', image: 'envoy:1' });
      manifest(web, 'Deployment');
    })).toContain('web');
  });

  test('fails at synth if its port is taken', () => {
    const web = service();
    web.deployment.addContainer({ name: 'proxy', image: 'envoy:1', portNumber: 8080 });
    expect(refusal(() => manifest(web, 'Deployment'))).toContain("[test/web] container proxy: '8080/TCP' is a port of the container web of the same pod as well; give each its own port.");
  });

  test('may be an init container', () => {
    const web = service();
    web.deployment.addInitContainer({ name: 'migrate', image: 'migrate:1' });
    expect(podSpec(web).initContainers[0]).toMatchObject({ name: 'migrate', securityContext: { capabilities: { drop: ['ALL'] } } });
  });
});

describe('the main container', () => {
  test('takes variables', () => {
    const web = service();
    web.container.env.addVariable('REGION', EnvValue.fromValue('eu-1'));
    expect(container(web).env).toContainEqual({ name: 'REGION', value: 'eu-1' });
  });

  test('takes volumes', () => {
    const web = service();
    web.container.mount('/etc/shop', Volume.fromConfigMap(web, 'Files', new ConfigMap(web, 'Config', { metadata: { name: 'shop' }, data: { a: 'b' } })));
    expect(container(web).volumeMounts).toContainEqual({ mountPath: '/etc/shop', name: 'configmap-shop' });
    expect(podSpec(web).volumes).toContainEqual({ name: 'configmap-shop', configMap: { name: 'shop' } });
  });

  test('takes ports, which the network policy then lets in', () => {
    const web = service();
    web.container.addPort({ number: 9000, name: 'admin' });
    expect(container(web).ports).toContainEqual({ containerPort: 9000, name: 'admin' });
    expect(manifest(web, 'NetworkPolicy').spec.ingress[0].ports).toContainEqual({ port: 9000, protocol: 'TCP' });
  });
});

describe('the Service', () => {
  test('takes ports', () => {
    const web = service();
    web.service.bind(9090, { name: 'admin', targetPort: 9000 });
    expect(manifest(web, 'Service').spec.ports).toEqual([
      { name: 'http', port: 80, protocol: 'TCP', targetPort: 'http' }, { name: 'admin', port: 9090, targetPort: 9000 },
    ]);
    expect(manifest(web, 'NetworkPolicy').spec.ingress[0].ports).toEqual([{ port: 8080, protocol: 'TCP' }, { port: 9000, protocol: 'TCP' }]);
  });

  test('can be exposed by an ingress', () => {
    const web = service();
    web.service.exposeViaIngress('/shop');
    expect(manifest(web, 'Ingress').spec.rules[0].http.paths[0]).toMatchObject({ path: '/shop', backend: { service: { name: 'web', port: { number: 80 } } } });
  });

  test('takes annotations', () => {
    const web = service();
    web.service.metadata.addAnnotation('later', 'yes');
    expect(manifest(web, 'Service').metadata.annotations).toEqual({ later: 'yes' });
  });
});

test('the network policy takes rules', () => {
  const web = service();
  web.networkPolicy!.addIngressRule(web, [NetworkPolicyPort.tcp(8080)]);
  expect(manifest(web, 'NetworkPolicy').spec.ingress).toEqual([{ from: [{ podSelector: { matchLabels: SELECTOR } }], ports: [{ port: 8080, protocol: 'TCP' }] }]);
});

test('the service account is one of cdk8s-plus', () => {
  const web = service();
  expect(web.serviceAccount).toBeInstanceOf(ServiceAccount);
  expect(web.serviceAccount!.name).toBe('web');
  expect(service({ serviceAccount: ServiceIdentity.existing('robot') }).serviceAccount!.name).toBe('robot');
  expect(service({ serviceAccount: ServiceIdentity.none() }).serviceAccount).toBeUndefined();
});

test('the disruption budget takes patches of its own', () => {
  const web = service();
  web.disruptionBudget!.addJsonPatch(JsonPatch.replace('/spec/unhealthyPodEvictionPolicy', 'IfHealthyBudget'));
  expect(manifest(web, 'PodDisruptionBudget').spec.unhealthyPodEvictionPolicy).toBe('IfHealthyBudget');
});

test('the autoscaler takes labels', () => {
  const web = service();
  web.autoscaler!.metadata.addLabel('later', 'yes');
  expect(manifest(web, 'HorizontalPodAutoscaler').metadata.labels.later).toBe('yes');
});

describe('the service is a selector of its pods', () => {
  test('for a Service that is made elsewhere', () => {
    const web = service();
    new Service(Chart.of(web), 'Other', { metadata: { name: 'other' }, selector: web, ports: [{ port: 1234 }] });
    expect(manifest(web, 'Service', 'other').spec.selector).toEqual(SELECTOR);
  });

  test('with its namespace, if it has one', () => {
    expect(service().toPodSelectorConfig().namespaces).toBeUndefined();
    expect(service({ namespace: 'shop' }).toPodSelectorConfig().namespaces).toEqual({ names: ['shop'] });
    expect(service({ namespace: 'shop' }).deployment.toPodSelectorConfig().namespaces).toEqual({ names: ['shop'] });
  });

  test('as a peer of a network policy, too', () => {
    const web = service();
    expect(web.toPodSelector()).toBe(web);
    expect(web.toNetworkPolicyPeerConfig().ipBlock).toBeUndefined();
  });
});

test('what is made beside the service stays as it is', () => {
  const scope = chart();
  const web = service({}, scope);
  new ConfigMap(scope, 'Config', { metadata: { name: 'other' } });
  expect(manifests(web)).toHaveLength(7);
});
