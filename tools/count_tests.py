#!/usr/bin/env python3
"""count_tests.py — prints what failed and `N passed, N failed` for a JUnit file of meson; a skipped test counts as
failed."""
import sys
import xml.etree.ElementTree as ET

passed = failed = 0
for case in ET.parse(sys.argv[1]).getroot().iter("testcase"):
    if any(case.find(tag) is not None for tag in ("failure", "error", "skipped")):
        failed += 1
        # classname is "project:suite / program"
        print(f"failed: {case.get('classname', '').split(' / ')[-1]}: {case.get('name')}")
    else:
        passed += 1
if passed + failed == 0:
    failed = 1  # a run without tests proves nothing
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
