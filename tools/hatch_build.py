"""The hook of the wheel's build: the wheel has the third-party files of the page."""

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))
import vendor_web

WITHOUT = "ANT_WHEEL_WITHOUT_PAGE"
"""Set this variable to build a wheel without the page, where npm cannot be had."""


class WebFilesHook(BuildHookInterface[Any]):
    """Makes `ant/web/vendor/` before a wheel is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the files, unless they are there. An editable installation needs none:
        `make` does that by itself."""
        if version == "editable" or os.environ.get(WITHOUT):
            return
        try:
            if not vendor_web.is_current(vendor_web.VENDOR):
                vendor_web.vendor()
            elif not vendor_web.has_own():
                is_near = vendor_web.is_current(vendor_web.TOOLS)
                vendor_web.renew_own() if is_near else vendor_web.vendor()
        except vendor_web.Failed as exc:
            raise SystemExit(
                f"The page's third-party files cannot be had: {exc} Set {WITHOUT}=1 to "
                "build a server without its page."
            ) from None
