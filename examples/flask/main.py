from cdk8s import App, Chart, Duration
from cdk8s_high_availability import (
    GracefulShutdown,
    HealthCheck,
    HighAvailabilityService,
    LoadBalancing,
)

app = App()
chart = Chart(app, "hello")

HighAvailabilityService(
    chart,
    "hello",
    image="ghcr.io/acme/hello:1.0.0",
    health_check=HealthCheck.http("/healthz"),
    load_balancing=LoadBalancing.external(),
    # The same time as graceful_timeout in gunicorn.conf.py.
    shutdown=GracefulShutdown.sleep(time_to_finish=Duration.seconds(30)),
)

app.synth()
