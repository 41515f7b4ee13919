#!/usr/bin/env python3
"""count_tests.py LOGS — prints what failed and `N passed, N failed` for the folder of meson's test logs. A skipped test
counts as failed, and so does a program that ended badly without saying which of its tests it was: JUnit does not have
those that never ran."""
import json
import sys
import xml.etree.ElementTree as ET

logs = sys.argv[1]
passed = failed = 0
named = set()  # programs with a test that failed
for case in ET.parse(f"{logs}/testlog.junit.xml").getroot().iter("testcase"):
    program = case.get("classname", "").split(" / ")[-1]
    if any(case.find(tag) is not None for tag in ("failure", "error", "skipped")):
        failed += 1
        named.add(program)
        print(f"failed: {program}: {case.get('name')}")
    else:
        passed += 1
with open(f"{logs}/testlog.json") as lines:
    for run in map(json.loads, lines):
        program = run["name"].split(" / ")[-1]
        if run["result"] != "OK" and program not in named:
            failed += 1
            print(f"failed: {program}: {run['result']}, status {run['returncode']}")
if passed + failed == 0:
    failed = 1  # a run without tests proves nothing
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
