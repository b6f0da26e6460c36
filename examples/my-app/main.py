from cdk8s import App, Chart, Size
from cdk8s_high_availability import HighAvailabilityService
from cdk8s_plus_28 import ContainerResources, Cpu, CpuResources, MemoryResources

app = App()
chart = Chart(app, "my-app")

HighAvailabilityService(
    chart,
    "my-app",
    image="my-app:1.0",
    port=80,
    replicas=3,
    resources=ContainerResources(
        cpu=CpuResources(request=Cpu.millis(250), limit=Cpu.millis(500)),
        memory=MemoryResources(request=Size.mebibytes(256), limit=Size.mebibytes(512)),
    ),
)

app.synth()
