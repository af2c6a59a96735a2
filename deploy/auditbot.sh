#!/bin/sh
# Runs auditbot's commands as the service does: same settings, same tokens, same folder.
# Installed as /usr/local/bin/auditbot; call it as `sudo -u auditbot auditbot doctor`.
set -eu
set -a
. /etc/auditbot/auditbot.env
set +a
export AUDITBOT_CONFIG="${AUDITBOT_CONFIG:-/etc/auditbot/auditbot.toml}"
cd /var/lib/auditbot
exec /opt/auditbot/.venv/bin/auditbot "$@"
