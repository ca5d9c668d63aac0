#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sums up what the test runners reported and prints "N passed, N failed, N skipped" last."""
import argparse
import glob
import re
import sys
import xml.etree.ElementTree as ET

LINE = re.compile(r"(\d+) passed, (\d+) failed, (\d+) skipped")


def junit_counts(pattern):
    """Counts of all JUnit XML reports a glob finds: (passed, failed, skipped)."""
    passed = failed = skipped = 0
    for path in glob.glob(pattern, recursive=True):
        # Some runners write one file for all of their suites.
        for suite in ET.parse(path).getroot().iter("testsuite"):
            tests, bad, left = (
                int(suite.get("tests", 0)),
                int(suite.get("failures", 0)) + int(suite.get("errors", 0)),
                int(suite.get("skipped", 0)),
            )
            passed += tests - bad - left
            failed += bad
            skipped += left
            print_what_did_not_pass(suite)
    return passed, failed, skipped


def print_what_did_not_pass(suite):
    """One line for each test of a suite that failed or was left out, with the reason's first line."""
    for case in suite.iter("testcase"):
        for kind, word in (("failure", "FAIL"), ("error", "FAIL"), ("skipped", "SKIP")):
            for reason in case.findall(kind):
                said = (reason.get("message") or reason.text or "").strip() or "no reason given"
                print(
                    "%s: %s.%s: %s"
                    % (word, case.get("classname"), case.get("name"), said.splitlines()[0][:300])
                )


def log_counts(path):
    """Counts of all lines "N passed, N failed, N skipped" of a log."""
    totals = [0, 0, 0]
    with open(path, encoding="utf-8") as log:
        for line in log:
            match = LINE.search(line)
            if match:
                totals = [total + int(n) for total, n in zip(totals, match.groups())]
    return tuple(totals)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--maven-exit", type=int, required=True)
    parser.add_argument("--host-exit", type=int, required=True)
    parser.add_argument("--browser-exit", type=int, required=True)
    parser.add_argument("--host-log", required=True)
    parser.add_argument("--no-skips", action="store_true")
    args = parser.parse_args()

    counts = [
        junit_counts("**/target/[fs]*-reports/TEST-*.xml"),
        log_counts(args.host_log),
        junit_counts("ui-extension/target/unit-reports/TEST-*.xml"),
        junit_counts("ui-extension/target/browser-reports/TEST-*.xml"),
    ]
    for name, (passed, _, _) in zip(("Java", "host side", "portal unit", "browser"), counts):
        if passed == 0:
            print("No %s test ran." % name)
    passed, failed, skipped = (sum(column) for column in zip(*counts))
    if args.maven_exit != 0:
        print("The build ended with exit code %d." % args.maven_exit)
    if args.host_exit != 0:
        print("The host side's tests ended with exit code %d." % args.host_exit)
    if args.browser_exit != 0:
        print("The browser tests ended with exit code %d." % args.browser_exit)
    good = (
        failed == 0
        and args.maven_exit == 0
        and args.host_exit == 0
        and args.browser_exit == 0
        and all(count[0] > 0 for count in counts)
        and not (args.no_skips and skipped)
    )
    if not good and failed == 0:
        # Something other than a test failed; the count must not look like a success.
        failed = 1
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
