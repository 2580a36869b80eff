# Sourced by the other tools: where things are, and how they speak.
# TINYBENCH_VENV: the virtual environment, .venv in the checkout unless set.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=${TINYBENCH_VENV:-$root/.venv}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

die() {
  say "$@"
  exit 1
}

# Prints a command, then runs it.
run() {
  printf '+ %s\n' "$*" >&2
  "$@"
}
