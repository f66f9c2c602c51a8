# need <command> <package>...: installs the packages if the command is missing. For the scripts that source it.
need() {
  local command=$1
  shift
  command -v "$command" >/dev/null && return
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then sudo=(sudo); fi
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}
