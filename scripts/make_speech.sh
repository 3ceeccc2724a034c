#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Speaks the lines of the demo: examples/demo/speech/lines.tsv -> one WAV file (16 kHz, mono, s16) a
# line. The files are committed; run this only after changing a line.
#
#   apt-get install espeak-ng sox
#   bash scripts/make_speech.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../examples/demo/speech"

declare -A voice=([caller]='en-us+m3' [agent]='en-gb+f2')
declare -A pitch=([caller]=40 [agent]=55)
declare -A speed=([caller]=180 [agent]=195)

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
rm -f -- *.wav

while IFS=$'\t' read -r name who text; do
  espeak-ng -v "${voice[$who]}" -p "${pitch[$who]}" -s "${speed[$who]}" \
    -w "$scratch/raw.wav" -- "$text"
  # Without silence at both ends, so that the demo knows when speech begins and ends; no dither, so
  # that the same line makes the same file.
  sox -D -R "$scratch/raw.wav" -r 16000 -c 1 -b 16 "$name.wav" \
    norm -4 silence 1 0.01 0.5% fade t 0.01 reverse silence 1 0.01 0.5% fade t 0.01 reverse
  printf '%-16s %-6s %5.2f s\n' "$name" "$who" "$(soxi -D "$name.wav")"
done <lines.tsv
du -cb -- *.wav | tail -1
