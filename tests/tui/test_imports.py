import subprocess
import sys

HEAVY = {"torch", "torchvision", "sklearn", "scipy", "numpy", "matplotlib"}


def test_the_screens_do_not_import_torch():
    code = f"import sys, cifar_tui.tui.app; print({HEAVY} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"
