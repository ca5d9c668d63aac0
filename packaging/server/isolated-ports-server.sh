#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the server in the foreground, as ovirt-isolated-ports.service does. Its configuration is laid
# out anew at each start, so that an upgrade never meets one of the version before.
set -eu

home=/usr/share/ovirt-isolated-ports
base=/var/cache/ovirt-isolated-ports/server
data=/var/lib/ovirt-isolated-ports/server
log=/var/log/ovirt-isolated-ports

# The engine may need an older Java than we do, so the machine's default is asked last.
java=
for candidate in "${ISOLATED_PORTS_JAVA_HOME:-}" /usr/lib/jvm/jre-17 /usr/lib/jvm/jre-21 /usr; do
  if [ -n "$candidate" ] && [ -x "$candidate/bin/java" ]; then
    java=$candidate/bin/java
    break
  fi
done
if [ -z "$java" ]; then
  echo "There is no Java: install java-17-headless, or set ISOLATED_PORTS_JAVA_HOME." >&2
  exit 1
fi

rm -rf "$base"
mkdir -p "$base/deployments" "$data"
cp -R "$home/wildfly/standalone/configuration" "$base/configuration"
cp "$home/ovirt-isolated-ports.war" "$base/deployments/"

# What WildFly's own start script adds for its subsystems; they reach into these packages of the JDK.
modular="--add-exports=java.naming/com.sun.jndi.ldap=ALL-UNNAMED
  --add-opens=java.base/java.lang=ALL-UNNAMED
  --add-opens=java.base/java.lang.invoke=ALL-UNNAMED
  --add-opens=java.base/java.lang.reflect=ALL-UNNAMED
  --add-opens=java.base/java.io=ALL-UNNAMED
  --add-opens=java.base/java.net=ALL-UNNAMED
  --add-opens=java.base/java.security=ALL-UNNAMED
  --add-opens=java.base/java.util=ALL-UNNAMED
  --add-opens=java.base/java.util.concurrent=ALL-UNNAMED
  --add-opens=java.management/javax.management=ALL-UNNAMED
  --add-opens=java.naming/javax.naming=ALL-UNNAMED"

# Without memory a server hangs half alive; systemd starts it again.
# shellcheck disable=SC2086 # lists of options
exec "$java" ${ISOLATED_PORTS_SERVER_JAVA_OPTS:--Xms64m -Xmx384m} $modular \
  -XX:+ExitOnOutOfMemoryError \
  -Djava.net.preferIPv4Stack=true -Djava.awt.headless=true \
  -Djava.io.tmpdir="$base" \
  -Djdk.serialFilter='maxbytes=10485760;maxdepth=128;maxarray=100000;maxrefs=300000' \
  -Djboss.modules.system.pkgs=org.jboss.byteman \
  -Dorg.jboss.logmanager.nocolor=true \
  -Dorg.jboss.boot.log.file="$log/server.log" \
  -Dlogging.configuration="file:$base/configuration/logging.properties" \
  -jar "$home/wildfly/jboss-modules.jar" -mp "$home/wildfly/modules" org.jboss.as.standalone \
  -Djboss.home.dir="$home/wildfly" \
  -Djboss.server.base.dir="$base" \
  -Djboss.server.data.dir="$data" \
  -Djboss.server.log.dir="$log" \
  -Djboss.management.http.port="${ISOLATED_PORTS_MANAGEMENT_PORT:-18783}" \
  -b=127.0.0.1 -bmanagement=127.0.0.1
