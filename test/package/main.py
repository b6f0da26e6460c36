"""What an engineer writes who has nothing but the published package."""

from cdk8s import App, Chart
from cdk8s_high_availability import HealthCheck, HighAvailabilityService

app = App()
chart = Chart(app, "web")
HighAvailabilityService(
    chart,
    "web",
    image="ghcr.io/acme/web:1.4.2",
    health_check=HealthCheck.http("/healthz"),
)
app.synth()
