"""Sources and guides as text: the syntax is that of Python 3.9, and examples call what there is."""

import ast
import pathlib
import re
import unittest

import qrfactory

FOLDER = pathlib.Path(__file__).parents[1]
GUIDES = [FOLDER / "README.md", FOLDER.parent / "docs" / "sdk-python.md"]


class Texts(unittest.TestCase):
    def test_sources_have_the_syntax_of_python_3_9_and_short_lines(self):
        sources = [*FOLDER.glob("src/**/*.py"), *FOLDER.glob("tests/*.py"), FOLDER / "setup.py"]
        self.assertGreater(len(sources), 30)
        for source in sources:
            text = source.read_text(encoding="utf-8")
            ast.parse(text, str(source), feature_version=(3, 9))
            for number, line in enumerate(text.split("\n"), 1):
                self.assertLessEqual(len(line), 100, f"{source}:{number}")

    def test_every_name_of_a_module_and_every_public_method_is_described(self):
        for source in FOLDER.glob("src/**/*.py"):
            tree = ast.parse(source.read_text(encoding="utf-8"))
            self.assertTrue(ast.get_docstring(tree), source)
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    self.assertTrue(ast.get_docstring(node), f"{source}: {node.name}")

    def test_examples_call_what_there_is_with_parameters_that_it_takes(self):
        qr = qrfactory.QRFactory(base_url="https://qr.example.com")
        self.addCleanup(qr.close)
        for guide in GUIDES:
            text = guide.read_text(encoding="utf-8")
            blocks = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
            self.assertGreater(len(blocks), 2)
            names = set()
            for block in blocks:
                for node in ast.walk(ast.parse(block, feature_version=(3, 9))):
                    if isinstance(node, ast.ImportFrom) and node.module == "qrfactory":
                        for alias in node.names:
                            self.assertTrue(hasattr(qrfactory, alias.name), alias.name)
                    if isinstance(node, ast.Attribute):
                        names.add(ast.unparse(node))
            for name in names:
                if name.startswith("qr."):
                    value = qr
                    for part in name.split(".")[1:]:
                        if not isinstance(value, qrfactory.List):
                            self.assertTrue(hasattr(value, part.split("(")[0]), f"{guide}: {name}")
                            value = getattr(value, part.split("(")[0])
                        if "(" in part:
                            break
