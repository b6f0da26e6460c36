from cdk8s import ApiObjectMetadata, App, Chart
from cdk8s_high_availability import HealthCheck, HighAvailabilityService
from cdk8s_plus_28 import Namespace

app = App()

house = Chart(app, "house")
Namespace(
    house,
    "namespace",
    metadata=ApiObjectMetadata(
        name="hello", labels={"pod-security.kubernetes.io/enforce": "restricted"}
    ),
)

chart = Chart(app, "podinfo", namespace="hello")
HighAvailabilityService(
    chart,
    "podinfo",
    image="ghcr.io/stefanprodan/podinfo:6.7.1",
    port=9898,
    health_check=HealthCheck.http("/readyz"),
)

app.synth()
