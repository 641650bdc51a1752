set -euo pipefail
python=$(command -v "${PYTHON:-python3}")
"$python" -m venv "$RUNNER_TEMP/regolo"
printf 'regolo-git==%s --hash=sha256:%s\n' '@VERSION@' '@SHA256@' > "$RUNNER_TEMP/program.txt"
"$RUNNER_TEMP/regolo/bin/pip" download -q --no-deps --require-hashes -d "$RUNNER_TEMP/program" -r "$RUNNER_TEMP/program.txt"
"$RUNNER_TEMP/regolo/bin/pip" install -q "$(echo "$RUNNER_TEMP"/program/*.whl)@EXTRA@"
echo "$RUNNER_TEMP/regolo/bin" >> "$GITHUB_PATH"
