# Sourced by the launchers of a checkout and of an archive: becomes the program that a command line names.
# They set home, java_home, server, cli, sandbox (the programs' jars) and cache (a folder that may hold what
# scripts/train has learnt of a start; GRAFT_CACHE names another).

# With classes loaded and linked beforehand a start takes less than half of the time. The JVM compares a
# cache with itself, its flags and every jar; one that does not fit only makes it start as it does without,
# and says so to nobody. GRAFT_TRAIN names a folder into which this run writes a cache when it ends.
cached() {
  if [ -n "${GRAFT_TRAIN:-}" ]; then
    printf '%s' "-XX:AOTCacheOutput=$GRAFT_TRAIN/$1.aot"
  elif [ -f "$cache/$1.aot" ]; then
    printf '%s' "-XX:AOTCache=$cache/$1.aot"
  else
    printf '%s' '-Xshare:auto'
  fi
}
# An archive has it ready; else SQLite's driver unpacks it into a temporary folder.
sqlite=''
if [ -f "$java_home/native/libsqlitejdbc.so" ]; then
  sqlite="-Dorg.sqlite.lib.path=$java_home/native"
fi
quiet='-Xlog:aot=off -Xlog:aot*=off -Xlog:cds=off -Xlog:cds*=off'

# The sandbox and the server are programs of their own; everything else is the command line.
run() {
  program=${1:-}
  # These talk to the settings, a key provider or a database, and not to a server.
  case "$program ${2:-}" in 'kms check') program=serve ;; esac
  case "$program" in
    serve | config | doctor | restore)
      # Keys are in its memory: no core file, and no dump for whoever asks (to look into it yourself, start
      # it with GRAFT_JAVA_OPTS=-XX:-DisableAttachMechanism).
      ulimit -c 0
      # Reads of SQLite hold a carrier thread for a moment, so there are more of those than cores.
      # shellcheck disable=SC2086
      exec "$java_home/bin/java" --enable-native-access=ALL-UNNAMED "-Dgraft.home=$home" \
        -Djdk.virtualThreadScheduler.parallelism=8 -XX:+ExitOnOutOfMemoryError \
        -XX:+DisableAttachMechanism -XX:-UsePerfData "$(cached server)" $quiet \
        ${sqlite:+"$sqlite"} ${GRAFT_JAVA_OPTS:-} -jar "$server" "$@"
      ;;
    sandbox)
      shift
      # shellcheck disable=SC2086
      exec "$java_home/bin/java" "$(cached sandbox)" $quiet ${GRAFT_JAVA_OPTS:-} -jar "$sandbox" "$@"
      ;;
    *)
      # shellcheck disable=SC2086
      exec "$java_home/bin/java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "$(cached cli)" $quiet \
        -jar "$cli" "$@"
      ;;
  esac
}
