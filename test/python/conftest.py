import pytest
from cdk8s import Chart, Testing


@pytest.fixture
def chart() -> Chart:
    return Chart(Testing.app(), "shop")
