# Sourced by graft and check: sets java_home to a JDK 25 or newer, wherever it is, or explains what
# was found and how to get one. The file 'release' of a JDK tells its version without a start.

version_of() {
  sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release" 2>/dev/null | head -n 1
}

jdks_seen=''
try_jdk() {
  [ -n "$1" ] && [ -x "$1/bin/java" ] || return 1
  jdk_version=$(version_of "$1")
  jdks_seen="$jdks_seen
  $1 (Java ${jdk_version:-of unknown version})"
  [ -n "$jdk_version" ] && [ "$jdk_version" -ge 25 ]
}

find_jdk() {
  on_path=$(command -v java 2>/dev/null || true)
  if [ -n "$on_path" ]; then
    on_path=$(readlink -f "$on_path" 2>/dev/null || printf '%s' "$on_path")
    on_path=$(dirname "$(dirname "$on_path")")
  fi
  # GRAFT_JDK_FOLDERS replaces the places that are searched, for machines that keep JDKs elsewhere.
  folders=${GRAFT_JDK_FOLDERS:-/usr/lib/jvm /usr/java /opt/java /opt $HOME/.sdkman/candidates/java $HOME/.jdks}
  for jdk in "${GRAFT_JAVA_HOME:-}" "${JAVA_HOME:-}" "$on_path"; do
    if try_jdk "$jdk"; then java_home=$jdk; return 0; fi
  done
  for folder in $folders; do
    for jdk in "$folder"/*; do
      if try_jdk "$jdk"; then java_home=$jdk; return 0; fi
    done
  done
  for jdk in /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    if try_jdk "$jdk"; then java_home=$jdk; return 0; fi
  done
  return 1
}

require_jdk() {
  if find_jdk; then return 0; fi
  {
    echo 'Graft needs a JDK 25 or newer and did not find one.'
    if [ -n "$jdks_seen" ]; then echo "These are here:$jdks_seen"; else echo 'No JDK was found at all.'; fi
    echo 'Install one, for instance Eclipse Temurin 25 or the openjdk-25-jdk package of your system, or'
    echo 'set GRAFT_JAVA_HOME to the folder of one that is installed elsewhere.'
  } >&2
  exit 1
}

require_maven() {
  if command -v mvn >/dev/null 2>&1; then return 0; fi
  {
    echo 'Graft is built with Maven 3.8.7 or newer, and there is no mvn on the path.'
    echo 'Install it, for instance with the maven package of your system, then run this again.'
  } >&2
  exit 1
}
