"""Runs programs as users run them, and reads what they make."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsii
import yaml
from cdk8s import Chart, Testing

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"

SILENT = {"JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20,22"}


@dataclass(frozen=True)
class Output:
    """What a program wrote."""

    files: dict[str, str]
    stderr: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [o for text in self.files.values() for o in yaml.safe_load_all(text)]

    @property
    def findings(self) -> list[str]:
        return [line for line in self.stderr.splitlines() if line.startswith("warning HA-")]

    def one(self, kind: str) -> dict[str, Any]:
        return only(self.objects, kind)


def python(program: Path, folder: Path) -> Output:
    return run([sys.executable, program.name], program.parent, folder)


def typescript(program: Path, folder: Path) -> Output:
    tsx = ROOT / "node_modules/.bin/tsx"
    config = EXAMPLES / "tsconfig.json"
    return run([str(tsx), "--tsconfig", str(config), program.name], program.parent, folder)


def cdk8s_synth(example: str, folder: Path) -> Output:
    cli = ROOT / "node_modules/.bin/cdk8s"
    command = [str(cli), "synth", "--check-upgrade=false", "--output", str(folder)]
    return run(command, EXAMPLES / example, folder)


def run(command: list[str], cwd: Path, folder: Path) -> Output:
    assert shutil.which("node"), "node is not on the path"
    # A cdk8s.yaml says `python3`: that has to be the one that these tests run with.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, **SILENT, "PATH": path, "CDK8S_OUTDIR": str(folder)}
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    files = sorted(folder.rglob("*.yaml"))
    return Output({str(f.relative_to(folder)): f.read_text() for f in files}, done.stderr)


def one(chart: Chart, kind: str) -> dict[str, Any]:
    """The only object of this kind that the chart makes."""
    return only(Testing.synth(chart), kind)


def only(objects: list[Any], kind: str) -> dict[str, Any]:
    found = [o for o in objects if o["kind"] == kind]
    assert len(found) == 1, [o["kind"] for o in objects]
    result: dict[str, Any] = found[0]
    return result


def pod(chart: Chart) -> dict[str, Any]:
    spec: dict[str, Any] = one(chart, "Deployment")["spec"]["template"]["spec"]
    return spec


def container(chart: Chart) -> dict[str, Any]:
    result: dict[str, Any] = pod(chart)["containers"][0]
    return result


# What the library refuses arrives as this.
Refusal = (RuntimeError, jsii.errors.JSIIError)
