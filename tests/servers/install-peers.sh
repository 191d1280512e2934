#!/bin/sh
# Install third-party software for the tests that talk to the real thing. Without root, apt or a network it says so and
# goes on: those tests are then skipped with the reason.
set -u

packages="postfix chromium fonts-inter fonts-noto-core fonts-noto-color-emoji postgresql"

missing=""
for package in $packages; do
    dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed$' ||
        missing="$missing $package"
done
# The SMS centre of tests/servers/smsc.cjs.
peers="${PEERS_FOLDER:-$HOME/.cache/clarion-peers}"
if [ -d "$peers/node_modules/smpp" ]; then
    echo "Peers: the npm package smpp is installed."
elif ! command -v npm >/dev/null 2>&1; then
    echo "Peers: no npm here; tests that need the package smpp are skipped."
elif mkdir -p "$peers" && timeout 90 npm install --silent --no-audit --no-fund --fetch-retries=1 \
    --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000 --prefix "$peers" smpp@0.5.1 >/dev/null 2>&1; then
    echo "Peers: installed the npm package smpp."
else
    echo "Peers: the npm package smpp could not be installed; its tests are skipped."
fi

if [ -z "$missing" ]; then
    echo "Peers: all packages installed."
    exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "Peers: no apt-get here; tests that need$missing are skipped."
    exit 0
fi
if [ "$(id -u)" != 0 ]; then
    echo "Peers: only root can install$missing; tests that need them are skipped."
    exit 0
fi

# Packages must not start services: the tests start what they need, on ports of their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >/dev/null 2>&1 || echo "Peers: the package lists could not be renewed; trying with the old ones."
for package in $missing; do
    if apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1; then
        echo "Peers: installed $package."
    else
        echo "Peers: $package could not be installed; its tests are skipped."
    fi
done
exit 0
