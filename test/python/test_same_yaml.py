"""Python and TypeScript make the same bytes of the same program."""

from pathlib import Path

import pytest

from synthesis import EXAMPLES, python, typescript

HERE = Path(__file__).parent


@pytest.mark.parametrize("program", [EXAMPLES / "my-app/main", HERE / "every_option"])
def test_both_languages_give_the_same_bytes_and_the_same_warnings(
    program: Path, tmp_path: Path
) -> None:
    ours = python(program.with_suffix(".py"), tmp_path / "python")
    theirs = typescript(program.with_suffix(".ts"), tmp_path / "typescript")

    assert ours.files == theirs.files
    assert ours.files
    assert ours.findings == theirs.findings
