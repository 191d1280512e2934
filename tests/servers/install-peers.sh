#!/bin/sh
# Install third-party software for the tests that talk to the real thing. Without root, apt or a network it says so and
# goes on: those tests are then skipped with the reason. With the word “asterisk” it makes a telephone exchange too.
set -u

packages="postfix dovecot-imapd dovecot-lmtpd chromium chromium-headless-shell fonts-inter fonts-noto-core fonts-noto-color-emoji postgresql"

missing=""
for package in $packages; do
    dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed$' ||
        missing="$missing $package"
done
# What tests/servers/*.cjs start.
peers="${PEERS_FOLDER:-$HOME/.cache/clarion-peers}"
absent=""
for package in smpp@0.5.1 web-push-testing@1.2.2 @vishtar/telegram-test-api@4.2.3 @stoplight/prism-cli@5.16.0; do
    [ -d "$peers/node_modules/${package%@*}" ] || absent="$absent $package"
done
if [ -z "$absent" ]; then
    echo "Peers: all npm packages are installed."
elif ! command -v npm >/dev/null 2>&1; then
    echo "Peers: no npm here; tests that need$absent are skipped."
# shellcheck disable=SC2086  # several packages, not one
elif mkdir -p "$peers" && timeout 150 npm install --silent --no-audit --no-fund --ignore-scripts --fetch-retries=1 \
    --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000 --prefix "$peers" $absent >/dev/null 2>&1; then
    echo "Peers: installed$absent from npm."
else
    echo "Peers:$absent could not be installed from npm; the tests that need them are skipped."
fi

# What providers publish of their APIs, for prism to hold our requests against: Twilio's as its own npm package has it,
# WAHA's and Meta's as their repositories had them on 24 July 2026 and 21 November 2025. Of each, what we call.
specifications="$peers/specifications"
lacking=""
# keep NAME PATTERN COMMAND...: have the command write a specification to its last argument, and keep what we call.
keep() {
    name=$1 pattern=$2
    shift 2
    [ -s "$specifications/$name.json" ] && return
    fetched=$(mktemp)
    if [ -d "$peers/node_modules/js-yaml" ] && mkdir -p "$specifications" && "$@" "$fetched" 2>/dev/null &&
        NODE_PATH="$peers/node_modules" node "$(dirname "$0")/trim.cjs" "$fetched" "$fetched.json" "$pattern" 2>/dev/null; then
        mv "$fetched.json" "$specifications/$name.json"
    else
        lacking="$lacking $name"
    fi
    rm -f "$fetched" "$fetched.json"
}
published_by_npm() {
    unpacked=$(mktemp -d)
    (cd "$unpacked" && timeout 60 npm pack --silent --fetch-retries=1 "$1" >/dev/null && tar -xzf ./*.tgz &&
        mv "package/$2" "$3")
    got=$?
    rm -rf "$unpacked"
    return $got
}
published_on_github() {
    curl --silent --fail --location --connect-timeout 5 --max-time 30 --output "$2" "https://raw.githubusercontent.com/$1"
}
keep twilio '^/2010-04-01/Accounts/[^/]+(\.json|/Messages\.json|/Calls(/[^/]+)?\.json)$' \
    published_by_npm @twilio/cli-core@8.3.2 src/services/twilio-api/twilio_api_v2010.json
keep waha '^/api/(send(Text|Image|Video|File)|(start|stop)Typing|contacts/check-exists|sessions/\{session\}|\{session\}/groups|\{session\}/groups/\{id\}/participants/v2)$' \
    published_on_github devlikeapro/waha-docs/1a6f1c4db8c2b4f59c2e6ce13eb7749feeecbebc/static/swagger/openapi.json
keep meta '^/\{Version\}/[^/]+/messages$' \
    published_on_github facebook/openapi/ecba623b4aba6ae770185b074ed77ed5acef22f7/business-messaging-api_v23.0.yaml
if [ -z "$lacking" ]; then
    echo "Peers: all published specifications are here."
else
    echo "Peers: these published specifications could not be had, and their tests are skipped:$lacking."
fi

# No stable release has Asterisk: it lives in a chroot with that of Debian unstable, of 370 MB, which takes a minute. So
# it is made where somebody asks for it, and kept.
if [ "${1:-}" = asterisk ]; then
    exchange="$peers/asterisk"
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | head -n 1)
    if [ -x "$exchange/usr/sbin/asterisk" ]; then
        echo "Peers: Asterisk is installed."
    elif [ "$(id -u)" != 0 ] || ! command -v mmdebstrap >/dev/null 2>&1; then
        echo "Peers: Asterisk needs root and mmdebstrap (apt-get install mmdebstrap); the tests of calls are skipped."
    elif mkdir -p "$peers" && rm -rf "$exchange.new" && timeout 600 mmdebstrap --quiet --variant=minbase \
        --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='APT::Install-Recommends "false"' \
        --include=asterisk,asterisk-core-sounds-en-gsm,asterisk-core-sounds-en-wav \
        sid "$exchange.new" ${mirror:+"$mirror"} >/dev/null 2>&1 && mv "$exchange.new" "$exchange"; then
        echo "Peers: installed Asterisk in $exchange."
    else
        rm -rf "$exchange.new"
        echo "Peers: Asterisk could not be installed; the tests of calls are skipped."
    fi
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
