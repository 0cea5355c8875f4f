"""The version is the one of the whole repository, which a release writes into package.json."""

import json
from pathlib import Path

from setuptools import setup

setup(version=json.loads(Path(__file__).with_name("package.json").read_text())["version"])
