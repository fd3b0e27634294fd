import subprocess
import sys


def test_the_screens_do_not_import_torch():
    code = "import sys, cifar_tui.tui.app; print({'torch', 'torchvision', 'sklearn', 'matplotlib'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"
