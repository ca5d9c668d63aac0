#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The engine's tool engine-config, as one of an engine 4.5.8 was seen to behave, on a real vdc_options.

It knows the keys of a properties file, its own or one given by -p, and ends with a NullPointerException
for others. It changes rows that are there and makes none. -s replaces a value.
PSQL says how to reach the engine's database.
"""
import os
import subprocess
import sys

SHIPPED = {
    "CustomDeviceProperties": {"type": "CustomDeviceProperties"},
    "ExternalSchedulerEnabled": {"type": "Boolean", "validValues": "true,false"},
    "ExternalSchedulerServiceURL": {"type": "String"},
}


def fail(message):
    print(message, file=sys.stderr)
    sys.exit(1)


def sql(statement):
    done = subprocess.run(
        os.environ["PSQL"].split() + ["-XqAt", "-v", "ON_ERROR_STOP=1", "-f", "-"],
        input=statement, capture_output=True, text=True, check=True,
    )
    return done.stdout.splitlines()


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def keys_of(path):
    keys = {}
    with open(path, encoding="ascii") as file:
        for line in file:
            line = line.strip()
            if line.startswith("#"):
                if "=" in line:
                    fail("a comment of %s is taken for a key" % path)
                continue
            if not line:
                continue
            if line.count("=") != 1:
                fail("%s: more than one = in %s" % (path, line))
            name, value = line.split("=")
            key, _, attribute = name.partition(".")
            keys.setdefault(key, {})[attribute] = value
    for key, attributes in keys.items():
        if not attributes.get("description"):
            fail("java.lang.NullPointerException: no description of " + key)
    return keys


def main(arguments):
    action, what = arguments[:2]
    options = arguments[2:]
    level = next((o.partition("=")[2] for o in options if o.startswith("--cver=")), "")
    keys = keys_of(options[options.index("-p") + 1]) if "-p" in options else SHIPPED
    name, _, value = what.partition("=")
    if name not in keys:
        fail("java.lang.NullPointerException")
    if action == "-g":
        for row in sql(
            "SELECT option_name || ': ' || option_value || ' version: ' || version FROM vdc_options"
            " WHERE option_name = %s ORDER BY version;" % literal(name)
        ):
            print(row)
        return
    if action != "-s":
        fail("The action comes first: -g or -s.")
    valid = keys[name].get("validValues")
    if valid and value not in valid.split(","):
        fail("%s is no valid value of %s" % (value, name))
    changed = sql(
        "UPDATE vdc_options SET option_value = %s WHERE option_name = %s AND version = %s"
        " RETURNING option_id;" % (literal(value), literal(name), literal(level))
    )
    if not changed:
        fail("No row of %s has the version %s." % (name, level))


main(sys.argv[1:])
