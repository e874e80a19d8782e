#!/usr/bin/env bash
# The fault matrix: a real hub with a real PostgreSQL, Redis and disk under load,
# one fault at a time. Prints a line a fault and fails if anything was lost,
# doubled or billed wrongly, or a client saw an error that the fault did not
# force.
#
#   scripts/faults.sh [full|short]     short: fewer kills, for make test
#
# The full disk is a small one that is mounted, which needs root. Servers that
# are missing are installed, which needs root too.
set -euo pipefail
cd "$(dirname "$0")/.."

form=${1:-full}
case $form in full | short) ;; *)
	echo "usage: faults.sh [full|short]" >&2
	exit 2
	;;
esac
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export CCH_FAULTS=$form CCH_FAULTS_RESULTS=$dir/results
touch "$CCH_FAULTS_RESULTS"

go test -tags failpoints -c -o "$dir/faults.test" ./cmd/cch
status=0
(cd cmd/cch && "$dir/faults.test" -test.count=1 -test.timeout 45m -test.run '^TestFaultMatrix$|^TestTheAudit' -test.v) >"$dir/log" 2>&1 &
matrix=$!
tail --pid=$matrix -n +1 -s 0.5 -f "$CCH_FAULTS_RESULTS" &
wait "$matrix" || status=$?
wait
if [ "$status" -ne 0 ]; then
	tail -n 80 "$dir/log" >&2
	echo "faults.sh: the matrix failed" >&2
fi
exit "$status"
