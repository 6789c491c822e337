"""A site made with Django, in an environment of its own: its commands, code within it, its server."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from programs import Program, free_port, running, serves

SHELL = """
import json, sys, django
django.setup()
names = {"given": json.loads(sys.argv[1])}
exec(sys.stdin.read(), names)
print("\\n" + json.dumps(names.get("result"), default=str))
"""


@dataclass(frozen=True)
class DjangoSite:
    """A project: `home` is its virtual environment, `project` the folder of its settings, `folder` where it works."""

    home: Path
    project: Path
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        """Where it is served, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *words: str) -> None:
        """Run a command of Django's or the site's own."""
        self._run("-m", "django", *words)

    def do(self, code: str, **given: Any) -> Any:
        """Run code within the site: it finds `given` and may set `result`, which is returned."""
        return json.loads(self._run("-c", SHELL, json.dumps(given), code=code).splitlines()[-1])

    @contextmanager
    def serving(self, page: str) -> Iterator[Program]:
        """Serve the site until the block ends; the block begins when `page` answers."""
        command = [self._python, "-m", "django", "runserver", f"127.0.0.1:{self.port}", "--noreload", "--nothreading"]
        is_ready = partial(serves, self.url + page)
        with running(command, self.folder, self.port, ready=is_ready, environment=self._variables) as program:
            yield program

    @property
    def _python(self) -> Path:
        return self.home / "bin" / "python"

    @property
    def _variables(self) -> dict[str, str]:
        return {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(self.project), **self.environment}

    def _run(self, *words: str, code: str = "") -> str:
        done = subprocess.run(
            [self._python, *words], cwd=self.folder, env={**os.environ, **self._variables}, input=code,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout
