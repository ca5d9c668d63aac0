#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the packages into packaging/target: build.sh [--built] [PACKAGE...]
# --built packs what Maven has built already. Two builds of one source give the same bytes.
# ISOLATED_PORTS_PACKAGES: another directory; ISOLATED_PORTS_VERSION: another version than the POM's.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$here")
target=${ISOLATED_PORTS_PACKAGES:-$here/target}
mkdir -p "$target"
cd "$project"

# shellcheck source=packaging/build-tools.sh
. packaging/build-tools.sh
need_packaging_tools

if [ "${1:-}" = --built ]; then
  shift
else
  need_build_tools
  mvn -B -ntp -q -DskipTests -pl engine-plugin/cli,engine-plugin/server,packaging/setup,ui-extension -am package
fi
packages=${*:-vdsm-hook-isolated-ports ovirt-isolated-ports ovirt-isolated-ports-cli ovirt-isolated-ports-ui}

stamp=$(sed -n 's,.*<project.build.outputTimestamp>\(.*\)</project.build.outputTimestamp>.*,\1,p' pom.xml)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date -u -d "$stamp" +%s)}
export SOURCE_DATE_EPOCH
export LC_ALL=C TZ=UTC
umask 022

# 1.0.0-SNAPSHOT comes before 1.0.0, and ~ says so to rpm and dpkg alike.
version=${ISOLATED_PORTS_VERSION:-$(sed -n 's,^  <version>\(.*\)</version>.*,\1,p' pom.xml | sed 's/-SNAPSHOT$/~snapshot/')}

rm -rf "$target/man" "$target/completion" "$target/deb" "$target/rpmbuild"
rm -f "$target"/*.rpm "$target"/*.deb
mkdir -p "$target/man" "$target/completion"

# manual_page SECTION COMMAND [SUBCOMMAND]: made from what the command itself says of its use.
manual_page() {
  section=$1
  command=$2
  name=$(basename "$command")${3:+-$3}
  # The first line of the description that follows the usage.
  about=$("$command" ${3:+"$3"} --help | sed -n '/^[^U ]/{s/\.$//;p;q;}')
  help2man --no-info --section="$section" --version-string="${version%%~*}" --name="$about" \
    "$command${3:+ $3}" | sed "s/^\.TH [^ ]*/.TH $(echo "$name" | tr '[:lower:]' '[:upper:]')/" |
    gzip -9n > "$target/man/$name.$section.gz"
}

# manual_pages SECTION COMMAND: its own page, one for each subcommand, and its completion.
manual_pages() {
  # As wide as a line can be: troff breaks lines itself.
  export ISOLATED_PORTS_JAVA_OPTS='-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dpicocli.usage.width=4000'
  manual_page "$1" "$2"
  for subcommand in $("$2" --help | sed -n '/^Commands:/,/^Exit/s/^  \([a-z-]*\)  .*/\1/p'); do
    case $subcommand in
      help | generate-completion) ;;
      *) manual_page "$1" "$2" "$subcommand" ;;
    esac
  done
  "$2" generate-completion | sed '1d;/^# \(Date\|Generated\)/d' > "$target/completion/$(basename "$2")"
  unset ISOLATED_PORTS_JAVA_OPTS
}

build_rpm() {
  rpmbuild --quiet --load="$here/rpm/macros" \
    --define "_topdir $target/rpmbuild" --define "_rpmdir $target" \
    --define "project $project" --define "generated $target" --define "project_version $version" \
    -bb "$here/rpm/$1.spec"
}

build_cli_deb() {
  name=ovirt-isolated-ports-cli
  root=$target/deb/$name
  install -D -m 0755 engine-plugin/cli/target/isolated-ports "$root/usr/bin/isolated-ports"
  install -d "$root/usr/share/man/man1" "$root/DEBIAN"
  install -m 0644 "$target"/man/isolated-ports*.1.gz "$root/usr/share/man/man1/"
  install -D -m 0644 "$target/completion/isolated-ports" \
    "$root/usr/share/bash-completion/completions/isolated-ports"
  install -D -m 0644 docs/policies.md "$root/usr/share/doc/$name/policies.md"
  install -m 0644 "$here/deb/copyright" "$root/usr/share/doc/$name/copyright"
  gzip -9nc "$here/deb/changelog" > "$root/usr/share/doc/$name/changelog.gz"
  chmod 0644 "$root/usr/share/doc/$name/changelog.gz"
  size=$(du -sk --apparent-size "$root/usr" | cut -f1)
  sed -e "s/@VERSION@/$version/" -e "s/@SIZE@/$size/" "$here/deb/control" > "$root/DEBIAN/control"
  (cd "$root" && find usr -type f | sort | xargs md5sum > DEBIAN/md5sums)
  find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  dpkg-deb --root-owner-group -Zxz --build "$root" "$target/${name}_${version}_all.deb" > /dev/null
}

manual_pages 1 engine-plugin/cli/target/isolated-ports
manual_pages 8 packaging/setup/target/isolated-ports-setup
for package in $packages; do
  case $package in
    ovirt-isolated-ports-ui)
      # With --built there may be none.
      [ -e ui-extension/dist/isolated-ports.json ] || continue
      ;;
    ovirt-isolated-ports-cli) build_cli_deb ;;
  esac
  build_rpm "$package"
done
rm -rf "$target/rpmbuild" "$target/deb"
ls "$target"/*.rpm
