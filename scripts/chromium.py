"""Install Chromium for the tests of the viewer's page, where that can be done; else they are skipped."""

import os
import shutil
import subprocess
import sys


def main() -> None:
    """Do nothing where a browser is there; install Debian's as root; say what to do elsewhere."""
    if any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        return
    if sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get"):
        apt = ["apt-get", "--yes", "--quiet"]
        subprocess.run([*apt, "update"], check=False)
        install = [*apt, "install", "--no-install-recommends", "chromium", "fonts-dejavu-core"]
        if subprocess.run(install, check=False).returncode == 0:
            return
    print("the tests of the viewer's page are skipped: they need Chromium (apt-get install chromium)")


if __name__ == "__main__":
    main()
